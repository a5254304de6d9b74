"""mqlab check as a person or a hook runs it: what is printed, what is written, and the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.cli import app

ROOT = Path(__file__).parents[2]
CLEAN = f'<broker xmlns="{NAMESPACE}">\r\n  <plugins/>\r\n</broker>'
CUT = CLEAN.replace("<plugins/>", '<plugins id="x"/><!-- kept -->')


def mqlab(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in this process: loading the lab for each takes most of the time."""
    with contextlib.chdir(folder):
        ended = CliRunner().invoke(app, [*map(str, arguments)])
    assert isinstance(ended.exception, SystemExit | None), ended.exception
    return subprocess.CompletedProcess([], ended.exit_code, ended.stdout, ended.stderr)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_a_clean_file_ends_with_0(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", CLEAN)
    done = mqlab("check", "a.xml", "--fix", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.xml: Amazon MQ 5.18 would remove nothing\n", "")
    assert (tmp_path / "a.xml").read_bytes() == CLEAN.encode()


def test_removals_end_with_1_in_the_services_words(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", CUT)
    done = mqlab("check", "a.xml", "--engine-version", "5.17.6", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.xml:2:12: DISALLOWED_ATTRIBUTE_REMOVED plugins id",
        "  id is not permitted on plugins",
        "a.xml: Amazon MQ 5.17 would remove 1 thing",
    ]


def test_fix_writes_what_would_be_saved_and_keeps_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xml", "\ufeff" + CUT)
    path.chmod(0o640)
    done = mqlab("check", "a.xml", "--fix", folder=tmp_path)
    assert done.returncode == 1
    assert path.read_bytes() == ("\ufeff" + CUT.replace(' id="x"', "")).encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert mqlab("check", "a.xml", folder=tmp_path).returncode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["a.xml"]


def test_output_leaves_the_file_itself_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xml", CUT)
    assert mqlab("check", "a.xml", "--output", "b.xml", folder=tmp_path).returncode == 1
    assert path.read_bytes() == CUT.encode()
    assert (tmp_path / "b.xml").read_bytes() == CUT.replace(' id="x"', "").encode()


def test_what_is_malformed_ends_with_2_and_the_others_are_checked_too(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", "<broker")
    written(tmp_path, "b", CUT)
    done = mqlab("check", "a.xml", "b", "no.xml", "--json", folder=tmp_path)
    assert done.returncode == 2
    assert [(each["file"], each["kind"]) for each in json.loads(done.stdout)["problems"]] == [
        ("a.xml", "problem"),
        ("b", "removal"),
        (None, "problem"),
    ]


def test_advice_alone_ends_with_0_unless_strict(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", CLEAN.replace("<plugins/>", "<plugins/><plugins/>"))
    done = mqlab("check", "a.xml", folder=tmp_path)
    assert (done.returncode, "a.xml:2:13: advice: plugins is written twice" in done.stdout) == (0, True)
    assert mqlab("check", "a.xml", "--strict", folder=tmp_path).returncode == 1


def test_a_scenario_whose_configuration_would_be_cut_ends_with_1(tmp_path: Path) -> None:
    scenario = ROOT / "tests" / "check" / "advised" / "chain.yaml"
    done = mqlab("check", scenario, folder=tmp_path)
    assert done.returncode == 1
    assert "DISALLOWED_ATTRIBUTE_REMOVED networkConnector duplx" in done.stdout
    done = mqlab("plan", scenario, folder=tmp_path)
    assert done.returncode == 0, "a run goes on"
    assert "warning: " in done.stderr and "DISALLOWED_ATTRIBUTE_REMOVED networkConnector duplx" in done.stderr
    done = mqlab("render", scenario, "--broker", "tokyo", "--diff", folder=tmp_path)
    assert [line for line in done.stdout.splitlines() if line.startswith("-") and "duplx" in line]


def test_options_of_configurations_are_refused_for_a_scenario(tmp_path: Path) -> None:
    done = mqlab("check", "one-way", "--engine-version", "5.18", folder=tmp_path)
    assert done.returncode == 2
    assert "a scenario's topology declares" in done.stderr


def test_a_configuration_is_checked_without_what_only_labs_need() -> None:
    """A hook runs at every commit: docker, httpx and pydantic alone would take longer than all it does."""
    heavy = "{'docker', 'testcontainers', 'httpx', 'pydantic', 'urllib.request'}"
    code = f"import sys, lab.cli.check; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", ["run", "up", "plan", "render", "check"])
def test_a_scenario_with_problems_ends_every_command_with_2_and_json_on_stdout(command: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    topology = tmp_path / "scenarios" / "topologies" / "tokyo-singapore.yaml"
    topology.write_text(topology.read_text().replace("ap-northeast-1", "ap-northeast-l"))
    done = mqlab(command, "scenarios/tokyo-singapore.yaml", "--json", folder=tmp_path)
    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["line"], problem["column"]) == (2, 4, 27)
    assert problem["file"].endswith("topologies/tokyo-singapore.yaml") and "no AWS region" in problem["what"]
    assert done.stderr.count("mqlab: ") == 1, "what follows from it is not told too"


def test_what_is_no_file_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, what, remedy in (
        ("folder", "is a folder", "name a file in it, such as folder/scenario.yaml"),
        ("pipe", "is a device or a pipe", "name a file"),
        ("x.yaml", "is not there", "write the path of a file that exists"),
    ):
        done = mqlab("check", name, folder=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"mqlab: {name} {what}\n  {remedy}\n")


def test_output_has_a_place(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", CUT)
    os.mkfifo(tmp_path / "pipe")
    for target, what in (
        (".", "is a folder"),
        ("none/b.xml", "cannot be written"),
        ("pipe", "is a device or a pipe"),
    ):
        done = mqlab("check", "a.xml", "--output", target, folder=tmp_path)
        assert (done.returncode, what in done.stderr) == (2, True)
    assert (tmp_path / "pipe").is_fifo()


def test_output_overwrites_nothing_and_follows_no_link(tmp_path: Path) -> None:
    written(tmp_path, "a.xml", CUT)
    written(tmp_path, "precious", "mine")
    (tmp_path / "link").symlink_to("precious")
    (tmp_path / "dangling").symlink_to("nowhere")
    for target in ("precious", "link", "dangling", "a.xml"):
        done = mqlab("check", "a.xml", "--output", target, folder=tmp_path)
        assert (done.returncode, f"{target} is there" in done.stderr) == (2, True)
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "a.xml").read_bytes() == CUT.encode()


def test_a_release_is_one_of_activemqs(tmp_path: Path) -> None:
    for command in ("check", "plan", "run"):
        done = mqlab(command, "one-way", "--activemq-version", "5.18", folder=tmp_path)
        assert (done.returncode, "not a release of ActiveMQ" in done.stderr) == (2, True)


def test_of_very_many_problems_the_first_are_shown(tmp_path: Path) -> None:
    steps = "".join(f"  - walt: {number}s\n" for number in range(150))
    written(
        tmp_path,
        "many.yaml",
        f"scenario: many\ntopology: {ROOT}/scenarios/topologies/tokyo-singapore.yaml\nsteps:\n{steps}",
    )
    done = mqlab("check", "many.yaml", "--json", folder=tmp_path)
    assert len(json.loads(done.stdout)["problems"]) == 150
    assert done.stderr.count("walt") == 100
    assert done.stderr.endswith("mqlab: and 50 more problems; --json gives all\n")


SCENARIO = """scenario: s
topology:
  topology: t
  regions: {a: {aws-region: eu-west-1, vpc: 10.1.0.0/16}}
  brokers:
    b: {region: a, users: {user: {password: {env: NOT_SET_ANYWHERE}}}}
steps:
  - publish: {broker: c, over: mqtt, topic: t}
"""


def piped(text: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from lab.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)


def test_without_its_passwords_all_else_of_a_scenario_is_checked(tmp_path: Path) -> None:
    written(tmp_path, "s.yaml", SCENARIO)
    done = mqlab("check", "s.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert ": the environment variable NOT_SET_ANYWHERE is not set, or empty" in done.stderr
    assert 's.yaml:8:23: no broker named "c"' in done.stderr


def test_ports_counted_from_a_base_are_checked_and_those_taken_are_told(tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        taken = listening.getsockname()[1]
        base = min(taken - 3, 65535 - 11)  # the last ports of two brokers, where the taken one is among the last
        checked = mqlab("check", "tokyo-singapore", "--port-base", str(base), "--strict", folder=tmp_path)
        planned = mqlab("plan", "tokyo-singapore", "--port-base", str(base), folder=tmp_path)
    words = f"advice: port {taken} of 127.0.0.1, for "
    assert (checked.returncode, checked.stderr) == (1, "")
    assert words in checked.stdout
    assert "nothing wrong" in checked.stdout
    assert planned.returncode == 0
    assert words in planned.stderr
    assert f" {taken} " in planned.stdout.partition("ports of 127.0.0.1")[2].partition("links")[0].replace("\n", " ")
    for command in ("check", "plan"):
        refused = mqlab(command, "tokyo-singapore", "--port-base", "65530", folder=tmp_path)
        assert (refused.returncode, refused.stderr) == (
            2,
            "mqlab: ports from 65530 on end with 65541\n  write a first port from 1024 to 65524\n",
        )


def test_a_declared_port_that_is_taken_is_told_too(tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        taken = listening.getsockname()[1]
        set_ = ("tokyo-singapore", "--set", f"brokers.singapore.ports.stomp={taken}")
        checked, planned = (mqlab(command, *set_, folder=tmp_path) for command in ("check", "plan"))
    words = f"advice: port {taken} of 127.0.0.1, for stomp of singapore, is taken"
    assert (checked.returncode, planned.returncode) == (0, 0)
    assert words in checked.stdout and words in planned.stderr
    assert words not in mqlab("check", *set_, folder=tmp_path).stdout


def test_the_memory_of_a_lab_is_said(tmp_path: Path) -> None:
    done = mqlab("check", "tokyo-singapore", "--set", "brokers.tokyo.memory=1GiB", folder=tmp_path)
    assert done.stdout == "tokyo-singapore: nothing wrong (4 steps, 3 expectations, 1280MiB of memory at most)\n"
    assert "together 1280MiB of memory at most" in (
        mqlab("plan", "tokyo-singapore", "--set", "brokers.tokyo.memory=1GiB", folder=tmp_path).stdout
    )


@pytest.mark.parametrize(("wait", "told"), [("59m", ""), ("9600h", ", 9600h at least")])
def test_of_steps_that_take_long_the_least_time_is_said(tmp_path: Path, wait: str, told: str) -> None:
    scenario = SCENARIO.replace("{env: NOT_SET_ANYWHERE}", "generated").replace("broker: c", "broker: b")
    (tmp_path / "long.yaml").write_text(f"{scenario}  - wait: {wait}\n")
    done = mqlab("check", "long.yaml", folder=tmp_path)
    assert done.stdout == f"long.yaml: nothing wrong (2 steps, 0 expectations, 256MiB of memory at most{told})\n"


def test_a_dash_is_the_standard_input(tmp_path: Path) -> None:
    done = piped(SCENARIO, "check", "-", folder=tmp_path)
    assert done.returncode == 2
    assert '-:8:23: no broker named "c"' in done.stderr
    assert piped(CUT, "check", "-", folder=tmp_path).stdout.startswith("-:2:12: DISALLOWED_ATTRIBUTE_REMOVED")


def test_an_expectation_that_no_message_can_meet_is_advice(tmp_path: Path) -> None:
    checked = mqlab("check", "tokyo-singapore-fails", folder=tmp_path)
    assert checked.returncode == 0 and "advice: delivered cannot pass" in checked.stdout
    strict = mqlab("check", "tokyo-singapore-fails", "--strict", folder=tmp_path)
    assert strict.returncode == 1 and strict.stdout == checked.stdout
    assert mqlab("check", "tokyo-singapore", "--strict", folder=tmp_path).returncode == 0
