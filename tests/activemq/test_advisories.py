"""The known holes of the lab's releases are told with their sources, and called closed only where a test shows it."""

from __future__ import annotations

import ast
import re

import pytest

from lab.activemq.advisories import SEVERITIES, advisories, known_holes, listing, summary
from lab.activemq.releases import RELEASES
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import sanitise
from tests.docs.pages import ROOT


@pytest.mark.parametrize(
    ("hole", "release", "has"),
    [
        ("CVE-2023-46604", "5.18.2", True),
        ("CVE-2023-46604", "5.18.3", False),
        ("CVE-2022-41678", "5.17.3", True),
        ("CVE-2022-41678", "5.17.6", False),
        ("CVE-2026-34197", "5.18.3", True),
        ("CVE-2026-34197", "5.19.4", False),
        ("CVE-2026-33227", "5.16.7", True),
        ("CVE-2025-27533", "5.16.7", True),
        ("CVE-2025-27533", "5.16.8", False),
        ("CVE-2026-50750", "5.18.3", False),
        ("CVE-2026-74761", "5.19.10", True),
    ],
)
def test_a_release_has_the_holes_of_its_advisories(hole: str, release: str, has: bool) -> None:
    assert (hole in {each.id for each in known_holes(release)}) is has


@pytest.mark.parametrize("release", RELEASES.values())
def test_a_release_has_one_line_and_a_list(release: str) -> None:
    known = known_holes(release)
    still_open = [each for each in known if not each.closed]
    line = summary(release)
    assert line.startswith(f"{len(known)} known vulnerabilities, {len(still_open)} open in a lab (")
    assert sum(map(int, re.findall(r"(\d+) (?:important|moderate|low|of unknown)", line))) == len(still_open)
    assert line.endswith("; 5.19.11 has none") and known_holes("5.19.11") == ()
    assert [each.id for each in known] == [each.partition(" (")[0] for each in listing(release)]
    assert all(each.about in text for each, text in zip(known, listing(release), strict=True))


def test_a_release_without_known_vulnerabilities_and_of_another_line_are_told_apart() -> None:
    assert summary("5.19.11").startswith("no vulnerability was known on 2026-")
    assert summary("6.2.0").startswith("not looked up")


def test_severities_are_of_the_scale() -> None:
    assert {each.severity for each in advisories()} <= {*SEVERITIES, ""}


def test_a_hole_is_closed_where_a_test_shows_it() -> None:
    for each in advisories():
        assert each.source == f"https://activemq.apache.org/security-advisories.data/{each.id}-announcement.txt"
        assert bool(each.closed) is bool(each.test)
        if each.test:
            file, _, name = each.test.partition("::")
            tree = ast.parse((ROOT / file).read_text())
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, each.test


def test_no_configuration_has_an_ldap_connector() -> None:
    text = """<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors>
    <ldapNetworkConnector uri="ldap://h" base="dc=b"/></networkConnectors></broker>"""
    saved = sanitise(read(text.encode(), "a.xml"), "5.18")
    assert "ldapNetworkConnector" not in saved.text
    assert [each.tag for each in saved.removals] == ["ldapNetworkConnector"]
