"""Names of brokers that a lab got later, in the hosts files of brokers that run."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from lab.emulation.brokers.adding import hosts_script, names_in
from lab.emulation.state import read
from tests.command import Commands
from tests.living.notes import noted

OLD, NEW = "b-1-1.mq.ap-northeast-1.amazonaws.com", "b-2-1.mq.ap-northeast-1.amazonaws.com"
OWN = "127.0.0.1\tlocalhost\n172.30.0.2\ttokyo\n"


def told(file: Path, **names: str) -> str:
    script = hosts_script({{"old": OLD, "new": NEW}[name]: address for name, address in names.items()}, str(file))
    subprocess.run(["sh", "-c", script], check=True, capture_output=True)
    return file.read_text()


def test_a_name_is_added_once(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(f"{OWN}172.30.0.3\t{OLD}\n")
    assert told(file, old="172.30.0.3", new="172.30.0.4") == f"{OWN}172.30.0.3\t{OLD}\n172.30.0.4 {NEW}\n"
    assert told(file, old="172.30.0.3", new="172.30.0.4").count(NEW) == 1


def test_the_name_of_a_deleted_broker_goes_when_another_broker_has_its_address(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(f"{OWN}172.30.0.3\t{OLD}\n")
    assert told(file, new="172.30.0.3") == f"{OWN}172.30.0.3 {NEW}\n"


def test_a_deleted_broker_has_no_name(tmp_path: Path) -> None:
    note = noted(Commands(folder=tmp_path), "20260101-000000-abcdef", detached=True)
    brokers, (first, *others) = read(note).brokers, note.control.account.brokers
    assert len(names_in(note, brokers)) == len(others) + 1
    account = replace(note.control.account, brokers=tuple(others))
    deleted = note.with_fields(control=replace(note.control, account=account))
    assert names_in(deleted, brokers).keys() == names_in(note, brokers).keys() - {
        its.host_name for its in note.plan.broker(first.name).instances
    }
