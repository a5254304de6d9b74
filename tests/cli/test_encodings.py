"""A report is printed whatever stdout's encoding is; what a question mark would falsify is refused instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab.cli.options import ending
from tests.command import Commands


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path / "here")


@pytest.mark.release
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_the_encoding_of_stdout_changes_no_exit_code_of_a_run(commands: Commands, encoding: str) -> None:
    """At 80 columns, where something of a table is cut."""
    words = ("run", "one-way", "--runtime", "simulation", "--quiet")
    done = commands(*words, PYTHONIOENCODING=encoding, COLUMNS="80", PYTHONUTF8="0")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("one way only: passed, simulated\n")


def test_what_the_encoding_has_no_sign_for_is_told_where_it_could_be_part_of_a_value(commands: Commands) -> None:
    done = commands("regions", "ap-northeast-1", "ap-southeast-1", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (done.code, done.out) == (3, "")
    assert "the encoding of stdout, latin-1, lacks a character" in done.err and "PYTHONIOENCODING=utf-8" in done.err


def test_a_run_s_report_as_json_is_whole_in_whatever_encoding(commands: Commands) -> None:
    ran = commands(
        "run", "one-way", "--runtime", "simulation", "--quiet", "--json", PYTHONIOENCODING="latin-1", PYTHONUTF8="0"
    )
    assert (ran.code, ran.err) == (0, "")
    found = [commands("judge", "--json", PYTHONIOENCODING=each, PYTHONUTF8="0") for each in ("latin-1", "utf-8")]
    assert [each.code for each in found] == [0, 0]
    assert ran.json["verdicts"] and ran.json["verdicts"] == found[0].json["verdicts"] and found[0].json == found[1].json


def test_json_is_whole_in_whatever_encoding(commands: Commands) -> None:
    words = ("regions", "ap-northeast-1", "sa-east-1", "--json")
    found = [commands(*words, PYTHONIOENCODING=each, PYTHONUTF8="0") for each in ("latin-1", "utf-8")]
    assert found[0].code == 0 and found[0].json == found[1].json


@pytest.mark.parametrize("json", [False, True])
def test_what_cannot_be_written_elsewhere_is_no_matter_of_printing(
    json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is any of it told, which may be a password's."""

    def command(*, json: bool) -> None:
        "pa\udcffword".encode(sys.stdout.encoding)

    with pytest.raises(SystemExit) as ended:
        ending(command)(json=json)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "a text cannot be written in utf-8; it is not shown" in said.err
    assert "print" not in said.err and "udcff" not in said.err + said.out
    assert bool(said.out) == json


def test_a_password_that_is_no_text_is_told_by_its_name(commands: Commands) -> None:
    login = {"MQLAB_USER": "recorder", "MQLAB_PASSWORD": "over-the-\udcff-1858"}
    done = commands.inside("record", "amqps://a.example", "--queue", "q", "-o", "new.jsonl", **login)
    assert done.code == 2
    assert "MQLAB_PASSWORD not in UTF-8" in done.err and "udcff" not in done.err
