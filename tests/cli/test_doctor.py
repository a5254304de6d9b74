"""`mqlab doctor`: the known vulnerabilities of the releases, on request."""

from __future__ import annotations

from pathlib import Path

from lab.activemq.advisories import known_holes
from lab.activemq.releases import RELEASES
from tests.command import Commands


def test_the_list_of_vulnerabilities_is_printed_on_request(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    printed = mqlab.inside("doctor", "--vulnerabilities")
    assert printed.code == 0
    for release in RELEASES.values():
        assert f"ActiveMQ {release}, as of " in printed.out
    assert printed.out.count("CVE-2026-41044") == len(RELEASES)
    listed = mqlab.inside("doctor", "--vulnerabilities", "--json").json
    assert len(listed) == sum(len(known_holes(release)) for release in RELEASES.values())
    assert mqlab.inside("doctor", "--vulnerabilities", "--settings").code == 2
