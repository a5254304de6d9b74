"""The commands that read a history: which one is meant, what stdout and stderr get, and problems as JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.base.shipped import shipped
from lab.history import line, read
from tests.command import MQLAB, Commands, Ended
from tests.living.notes import noted

JUDGED = Path(__file__).parents[1] / "judge"
CUT = JUDGED / "lost-in-a-cut" / "history.jsonl"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


@pytest.fixture
def runs(mqlab: Commands) -> Path:
    """Two runs, the second of which is the latest."""
    folder = mqlab.home / "runs"
    for run, case in (("20260101-101010-aaaaaa", "all-passed"), ("20260102-101010-bbbbbb", "lost-in-a-cut")):
        (folder / run).mkdir(parents=True)
        shutil.copy(JUDGED / case / "history.jsonl", folder / run)
    (folder / "latest").symlink_to("20260102-101010-bbbbbb")
    return folder


def problems(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code != 0
    assert set(ended.json) == {"problems"}
    for problem in ended.json["problems"]:
        assert set(problem) == {"kind", "file", "line", "column", "what", "remedy"}
        assert problem["what"] in ended.err, "people read it on stderr"
    assert "Traceback" not in ended.err
    return list(ended.json["problems"])


def test_which_history_is_meant(mqlab: Commands, runs: Path) -> None:
    heads = {
        words: mqlab.inside("history", *words).out.partition("\n")[0].split(" · ")[1]
        for words in [(), ("latest",), ("20260101",), ("bbbbbb",), (str(runs / "latest"),), (str(CUT),)]
    }
    assert set(heads.values()) == {"cut and never healed", heads[("20260101",)]}
    assert heads[("20260101",)] != heads[()]


def test_a_lab_that_only_stood_has_no_history(mqlab: Commands, runs: Path) -> None:
    (runs / "20260103-101010-cccccc").mkdir()
    (runs / "latest").unlink()
    (runs / "latest").symlink_to("20260103-101010-cccccc")
    for command in ("history", "judge"):
        for words in ((), ("latest",), ("20260103",), (runs / "20260103-101010-cccccc",)):
            ended = mqlab.inside(command, *words)
            assert ended.code == 2
            assert "20260103-101010-cccccc has no history" in ended.err
            assert "name a run with a history: 20260101-101010-aaaaaa, 20260102-101010-bbbbbb" in ended.err


def test_json_is_the_lines_that_were_asked_for(mqlab: Commands) -> None:
    shown = mqlab.inside("history", CUT, "--json", "--kind", "received", "--kind", "link", "--to", "3.75s")
    assert (shown.code, shown.err) == (0, "")
    expected = [line(seen) for seen in read(CUT).observations if seen.kind == "received" and seen.t <= 3.75]
    assert shown.out == "".join(expected)
    story = mqlab.inside("history", CUT, "--json", "--message", "3-6")
    assert [json.loads(each)["kind"] for each in story.out.splitlines()] == [
        "publishing", "step", "sent", "acked", "received", "step-ended",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("history", "--json"), "there is no run under"),
        (("history", "cccccc", "--json"), 'no run "cccccc" under'),
        (("history", "nowhere/history.jsonl", "--json"), "nowhere/history.jsonl is not there"),
        (("history", CUT, "--json", "--kind", "sentt"), 'no kind named "sentt"'),
        (("history", CUT, "--json", "--from", "soon"), "--from: 'soon' is not a duration"),
        (("history", CUT, "--json", "--from", "3"), "--from: '3' has no unit"),
        (("history", CUT, "--json", "--message", "3-1", "--client", "tk"), "--message shows all events of a message"),
        (("history", CUT, "--json", "--message", "7-1"), 'no message "7-1" was sent'),
        (("history", CUT, "--json", "--broker", "rome"), 'no broker named "rome"'),
        (("judge", "nowhere.jsonl", "--json"), "nowhere.jsonl is not there"),
        (("run", "no-such", "--json"), 'no scenario named "no-such"'),
        (("plan", "no-such", "--json"), 'no scenario named "no-such"'),
        (("render", "one-way", "--broker", "rome", "--json"), 'no broker named "rome"'),
        (("check", "no-such", "--json"), 'no scenario named "no-such"'),
    ],
)
def test_bad_input_is_json_in_one_shape(mqlab: Commands, words: tuple[str | Path, ...], what: str) -> None:
    ended = mqlab.inside(*words)
    assert ended.code == 2
    assert what in problems(ended)[0]["what"]


def test_a_history_without_a_checksum_is_damaged_in_every_form_of_the_report(mqlab: Commands, tmp_path: Path) -> None:
    history, page = JUDGED / "checksum-removed" / "history.jsonl", tmp_path / "report.html"
    why = "history.jsonl: its last line has no checksum"
    ended = mqlab.inside("judge", history, "--html", str(page))
    assert ended.code == 1 and f"the history is damaged, so its content is unknown: {why}" in " ".join(
        ended.out.split()
    )
    assert why in page.read_text()
    document = mqlab.inside("judge", history, "--json").json
    assert {each["outcome"] for each in document["verdicts"]} == {document["outcome"]} == {"unknown"}
    assert all(why in each["reason"] for each in document["verdicts"])
    assert f"the history is damaged: {why}" in mqlab.inside("history", history).err


def test_a_place_is_told_in_json(mqlab: Commands, tmp_path: Path) -> None:
    damaged = tmp_path / "history.jsonl"
    damaged.write_text(CUT.read_text() + '{"t":1.0,"kind":"sent"}\n')
    lines = CUT.read_text().count("\n")
    for command in ("history", "judge"):
        ended = mqlab.inside(command, damaged, "--json") if command == "judge" else mqlab.inside(command, damaged)
        assert f"{damaged}:{lines + 1}:1: `id` is missing" in ended.err
    (problem,) = problems(ended)
    assert (problem["file"], problem["line"], problem["column"]) == (str(damaged), lines + 1, 1)


def test_nothing_wrong_is_an_empty_list(mqlab: Commands) -> None:
    assert mqlab.inside("check", "one-way", "--json").json == {"problems": []}


def test_a_reader_that_goes_away_is_no_error(mqlab: Commands, tmp_path: Path) -> None:
    long = tmp_path / "history.jsonl"
    header, *rest = CUT.read_text().splitlines(keepends=True)
    long.write_text(header + "".join(rest[:4]) * 20_000)
    with subprocess.Popen(
        [MQLAB, "history", long, "--unfold"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("run ")
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, "")


def test_of_a_report_too_it_is_no_broken_expectation(mqlab: Commands) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    judged = [MQLAB, "judge", JUDGED / "all-passed" / "history.jsonl"]
    ended = subprocess.run(judged, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.parametrize("tail", [b"", b"\0" * 5000, b"\0" * 300_000])
def test_a_history_that_was_cut_short_is_shown_up_to_there(mqlab: Commands, tmp_path: Path, tail: bytes) -> None:
    history = tmp_path / "history.jsonl"
    history.write_bytes(CUT.read_bytes()[:-30] + tail)
    lines = CUT.read_text().count("\n")
    shown = mqlab.inside("history", history)
    assert shown.code == 0
    assert shown.err == f"mqlab: the history is cut short: its line {lines} is incomplete and ignored\n"
    assert "dropped 31 by cut" in shown.out.splitlines()[-1]
    judged = mqlab.inside("judge", history, "--json")
    assert judged.json["outcome"] != "passed"


def test_judging_again_gives_the_same_report_byte_for_byte(mqlab: Commands) -> None:
    assert mqlab.inside("judge", CUT, "--json").out == mqlab.inside("judge", CUT, "--json").out


def test_a_release_can_be_named_to_check_as_it_can_to_run(mqlab: Commands, tmp_path: Path) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    topology = tmp_path / "scenarios" / "topologies" / "tokyo-singapore.yaml"
    topology.write_text(topology.read_text().replace("engine-version: 5.18", "engine-version: 5.16"))
    scenario = tmp_path / "scenarios" / "tokyo-singapore.yaml"
    assert "5.16" in problems(mqlab.inside("check", scenario, "--json"))[0]["what"]
    named = mqlab.inside("check", scenario, "--json", "--activemq-version", "5.19.1").json["problems"]
    assert {(each["kind"], each["what"]) for each in named} == {
        ("advice", "Amazon MQ ended engine version 5.16 on 2024-11-15")
    }
    old = problems(mqlab.inside("check", scenario, "--json", "--activemq-version", "5.16.7"))
    assert "mqlab does not support ActiveMQ 5.16.7" in old[0]["what"]


def test_a_standing_labs_history_is_judged_as_of_now_and_between_marks(mqlab: Commands, tmp_path: Path) -> None:
    for name in ("history.jsonl", "history.lock"):
        shutil.copy(JUDGED / "standing" / name, tmp_path)
    history = str(tmp_path / "history.jsonl")
    now = mqlab.inside("judge", history)
    assert now.code == 1 and "as of now (40.000 s): 2 of 4 lost" in " ".join(now.out.split())
    between = mqlab.inside("judge", history, "--from", "before", "--to", "after", "--json")
    assert between.code == 0 and between.json["outcome"] == "passed"
    assert 'from the mark "before" (10.000 s) to the mark "after" (20.000 s)' in between.json["notes"][0]
    assert 'no mark "nowhere"' in problems(mqlab.inside("judge", history, "--from", "nowhere", "--json"))[0]["what"]


def test_of_a_lab_that_stands_no_end_is_missed(mqlab: Commands, tmp_path: Path) -> None:
    header, *rest = (JUDGED / "standing" / "history.jsonl").read_text().splitlines(keepends=True)
    run = json.loads(header)["run"]
    path = tmp_path / "history.jsonl"
    path.write_text(header + rest[0])
    assert (
        "the history ends without its last line: the lab was gone before it was ended"
        in mqlab.inside("history", path).err
    )
    noted(mqlab, run)
    assert mqlab.inside("history", path).err == "mqlab: the lab is running: this is its history up to now\n"
    noted(mqlab, run, detached=False)  # its owner is on another host, and may be alive
    assert "the lab is running" in mqlab.inside("history", path).err


def test_a_history_is_followed_until_it_ends(mqlab: Commands, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    header, *rest = (JUDGED / "standing" / "history.jsonl").read_text().splitlines(keepends=True)
    path.write_text(header + rest[0])
    following = mqlab.start("history", path, "--follow", "--json")
    with following:
        assert following.stdout is not None
        assert following.stdout.readline() == rest[0]
        with path.open("a") as file:
            file.writelines([rest[1], '{"t":41.0,"kind":"ended","complete":true}\n'])
        assert following.stdout.readline() == rest[1]
        assert json.loads(following.stdout.readline())["kind"] == "ended"
    assert following.returncode == 0


def test_a_broker_that_there_is_not_is_not_waited_for(mqlab: Commands, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("".join((JUDGED / "standing" / "history.jsonl").read_text().splitlines(keepends=True)[:2]))
    ended = mqlab.inside("history", path, "--follow", "--broker", "tokio")
    assert ended.code == 2 and 'no broker named "tokio" in this history' in ended.err
    assert "did you mean tokyo?" in ended.err and "brokers in it: sg, tokyo" in ended.err
