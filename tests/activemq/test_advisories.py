"""The known holes of the lab's releases are told with their sources, and called closed only where a test shows it."""

from __future__ import annotations

import ast

import pytest

from lab.activemq.advisories import advisories, known_holes, words
from lab.activemq.releases import RELEASES
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import sanitise
from tests.docs.pages import ROOT, rows, sections


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
def test_what_applies_is_told(release: str) -> None:
    told = words(release)
    assert all(each.id in told for each in known_holes(release))
    assert told.startswith("open: CVE-") and "; closed by the lab: CVE-" in told


def test_a_hole_is_closed_where_a_test_shows_it() -> None:
    for each in advisories():
        assert each.source == f"https://activemq.apache.org/security-advisories.data/{each.id}-announcement.txt"
        assert bool(each.closed) is bool(each.test)
        if each.test:
            file, _, name = each.test.partition("::")
            tree = ast.parse((ROOT / file).read_text())
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, each.test


def test_the_page_has_every_hole() -> None:
    told = {cells[0]: cells for cells in rows(sections(ROOT / "docs" / "known-holes.md")["Known holes of ActiveMQ"])}
    assert set(told) == {f"[{each.id}]({each.source})" for each in advisories()}
    for each in advisories():
        _, about, affected, here = told[f"[{each.id}]({each.source})"]
        assert about == each.about
        assert affected == (", ".join(its for its in RELEASES.values() if each.affects(its)) or "none")
        assert here == (each.closed if each.closed else "no" if affected != "none" else "")


def test_no_configuration_has_an_ldap_connector() -> None:
    text = """<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors>
    <ldapNetworkConnector uri="ldap://h" base="dc=b"/></networkConnectors></broker>"""
    saved = sanitise(read(text.encode(), "a.xml"), "5.18")
    assert "ldapNetworkConnector" not in saved.text
    assert [each.tag for each in saved.removals] == ["ldapNetworkConnector"]
