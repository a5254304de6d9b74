"""The steps of the action and the component are scripts, run here as a CI system would; their YAML fits its schema."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import boto3
import pytest
import yaml

from lab.emulation.engine.context import resolved
from lab.emulation.network.published_at import published_at
from lab.extras.api.server_process import servers
from lab.runtime.clock import RealClock
from tests.docs.pages import ROOT, blocks

SCRIPTS = ROOT / "docker" / "ci"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
COMPONENTS = {file.stem: file.read_text("utf-8").split("\n---\n") for file in (ROOT / "templates").glob("*.yml")}
JOBS = {name: yaml.safe_load(job)[name] for name, (_, job) in COMPONENTS.items()}
STEPS = [step for step in ACTION["runs"]["steps"] if "run" in step]
CALL = re.compile(r'(?:exec )?bash "(?:\$GITHUB_ACTION_PATH|\$\[\[ inputs\.source \]\])/docker/ci/(\w+\.sh)"')
SETTINGS = ("mqlab_settings=$(MQLAB_CI_PROCESS=$$ ", ")")  # around a call whose output the job's shell evaluates
# Stands for Python: `-c` tells which it is, and fails for one that is too old.
# `-m venv --clear FOLDER` makes one with this mqlab, whose pip writes down what it is to install.
PYTHON = f"""#!/bin/sh
[ "$1" != -c ] || {{ echo "$PYTHON_IS"; [ "$PYTHON_IS" != 3.10 ]; exit; }}
[ "$1 $2 $3" = "-m venv --clear" ] || exit 9
rm -rf "$4" && mkdir -p "$4/bin"
ln -s "{Path(sys.executable).with_name("mqlab")}" "$4/bin/mqlab"
printf '#!/bin/sh\\necho "$*" >>"%s"\\n' "$INSTALLED" >"$4/bin/pip"
chmod +x "$4/bin/pip"
"""
# Stands for mqlab: runs until it is told to end, and then leaves a summary.
RUNNING = f"""#!{sys.executable}
import os, pathlib, signal, sys
def end(*_):
    reports = pathlib.Path(os.environ["MQLAB_CI_REPORTS"])
    reports.mkdir()
    (reports / "summary.md").write_text("told to end")
    sys.exit(5)
signal.signal(signal.SIGTERM, end)
print("running", flush=True)
signal.pause()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a job that mqlab is there for, and whose Python installs this one anew."""
    home, python = tmp_path / "mqlab", tmp_path / "python"
    (home / "venv" / "bin").mkdir(parents=True)
    (home / "venv" / "bin" / "mqlab").symlink_to(Path(sys.executable).with_name("mqlab"))
    python.write_text(PYTHON, "utf-8")
    python.chmod(0o755)
    files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    mine = {key: value for key, value in os.environ.items() if not key.startswith(("MQLAB_", "GITHUB_", "CI_"))}
    return {
        **mine,
        **files,
        "INSTALLED": str(tmp_path / "installed"),
        "PYTHON_IS": "3.11",
        "MQLAB_CI_HOME": str(home),
        "MQLAB_CI_PYTHON": str(python),
        "MQLAB_CI_RUNTIME": "simulation",
        "GITHUB_ACTION_PATH": str(ROOT),
    }


def script(name: str, environment: dict[str, str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(SCRIPTS / name)]
    return subprocess.run(command, cwd=folder, env={**environment, **more}, capture_output=True, text=True, check=False)


def test_every_step_is_one_script_and_every_script_a_step() -> None:
    ours = [CALL.fullmatch(step["run"]) for step in STEPS]
    lines = [line for job in JOBS.values() for line in (*job["before_script"], *job["script"]) if "eval" not in line]
    theirs = [CALL.fullmatch(line.removeprefix(SETTINGS[0]).removesuffix(SETTINGS[1])) for line in lines]
    names = {match[1] for match in (*ours, *theirs) if match}
    assert None not in (*ours, *theirs)
    assert all(job["before_script"][-1] == 'eval "$mqlab_settings"' for job in JOBS.values())
    assert names | {"settings.sh", "Dockerfile"} == {path.name for path in SCRIPTS.iterdir()}


def test_every_setting_of_a_step_is_one_of_the_scripts() -> None:
    known = set(re.findall(r"MQLAB_CI_[A-Z_]+", (SCRIPTS / "settings.sh").read_text("utf-8")))
    of_steps = {name for step in STEPS for name in step["env"]}
    of_jobs = {name for job in JOBS.values() for name in job["variables"] if name.startswith("MQLAB_CI_")}
    assert of_steps | of_jobs <= known


def test_the_actions_steps_in_order_give_reports_a_summary_and_a_key(
    environment: dict[str, str], tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    given = {"MQLAB_CI_SCENARIOS": "tokyo-singapore\none-way", "MQLAB_CI_REPORTS": str(reports), "MQLAB_CI_JOBS": "2"}
    for step in STEPS:
        done = subprocess.run(
            ["bash", "-c", step["run"]],
            cwd=tmp_path,
            env={**environment, **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step['name']}: {done.stderr}"
    assert {"junit.xml", "summary.md", "tokyo-singapore.html", "one-way.html"} <= {
        path.name for path in reports.iterdir()
    }
    assert len(parse(reports / "junit.xml").getroot()) == 2
    assert Path(environment["GITHUB_STEP_SUMMARY"]).read_text("utf-8").startswith("### mqlab: 2 passed")
    assert Path(environment["GITHUB_OUTPUT"]).read_text("utf-8") == "key=mqlab-no-images\n"


def test_the_images_are_kept_also_where_a_scenario_is_broken() -> None:
    """A cache that is saved at a job's end is not saved where the job failed."""
    steps = ACTION["runs"]["steps"]
    uses = [step.get("uses", step["name"]).partition("@")[0] for step in steps]
    restored, saved = (uses.index(f"actions/cache/{verb}") for verb in ("restore", "save"))
    assert restored < uses.index("images") < saved < uses.index("run the scenarios")
    assert {**steps[restored]["with"]} == {**steps[saved]["with"]}
    assert all(cache["when"] == "always" for job in JOBS.values() for cache in job["cache"])


def test_the_components_keep_the_images_and_the_environment() -> None:
    home = "$CI_PROJECT_DIR/.mqlab-ci"
    for job in JOBS.values():
        assert job["variables"]["MQLAB_CI_HOME"] == home and "MQLAB_CI_VENV" not in job["variables"]
        kept = {f"$CI_PROJECT_DIR/{path}" for cache in job["cache"] for path in cache["paths"]}
        assert kept == {f"{home}/{name}" for name in ("venv", "images.tar", "images.tar.sha256")}


def test_what_would_be_another_is_installed_anew_and_nothing_else(environment: dict[str, str], tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(SCRIPTS, checkout / "docker" / "ci")
    for name in ("lab/base/version.py", "scenarios/one.yaml", "constraints.txt"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("first", "utf-8")
    shutil.copy(ROOT / "pyproject.toml", checkout)

    def installed(**more: str) -> list[str]:
        command = ["bash", str(checkout / "docker" / "ci" / "install.sh")]
        subprocess.run(command, env={**environment, **more}, capture_output=True, check=True)
        return Path(environment["INSTALLED"]).read_text("utf-8").splitlines()

    assert [len(installed()), len(installed())] == [1, 1]  # what no install of ours had left is made anew, once
    for number, name in enumerate(("lab/base/version.py", "constraints.txt"), 2):
        (checkout / name).write_text("second", "utf-8")
        assert [len(installed()), len(installed())] == [number, number], name
    for _ in range(2):
        lines = installed(MQLAB_CI_EXTRAS="[amqp, sweeps]")
        assert (len(lines), lines[-1].endswith(f"-c {checkout}/constraints.txt {checkout}[amqp, sweeps]")) == (4, True)
    for _ in range(2):
        assert len(installed(MQLAB_CI_EXTRAS="[amqp, sweeps]", PYTHON_IS="3.12")) == 5, (
            "the same words name another Python"
        )


def test_a_python_that_is_none_or_too_old_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    old = script("install.sh", environment, tmp_path, PYTHON_IS="3.10")
    its = environment["MQLAB_CI_PYTHON"]
    assert old.returncode == 2
    assert old.stderr == f"MQLAB_CI_PYTHON={its} is no Python of 3.11 or newer, but 3.10\n"
    none = script("install.sh", environment, tmp_path, MQLAB_CI_PYTHON="python9")
    assert none.returncode == 2
    assert none.stderr.splitlines()[-1] == "MQLAB_CI_PYTHON=python9 is no Python of 3.11 or newer"


def test_an_environment_of_another_folder_is_made_anew(environment: dict[str, str], tmp_path: Path) -> None:
    """Its programs begin with the path of its Python."""
    assert script("install.sh", environment, tmp_path).returncode == 0
    shutil.move(tmp_path / "mqlab" / "venv", tmp_path / "cached")
    assert script("install.sh", environment, tmp_path, MQLAB_CI_VENV=str(tmp_path / "cached")).returncode == 0
    assert len(Path(environment["INSTALLED"]).read_text("utf-8").splitlines()) == 2


def test_the_job_image_has_an_installation_that_its_jobs_keep(environment: dict[str, str], tmp_path: Path) -> None:
    text = (SCRIPTS / "Dockerfile").read_text("utf-8").replace("/opt/mqlab", f"{tmp_path}/opt")
    (_, names), (_, copied), (_, command) = re.findall("^(ENV|COPY|RUN) (.*)$", text, re.MULTILINE)
    given = dict(name.split("=", 1) for name in names.replace("$EXTRAS", "").split())
    assert given.pop("PATH") == f"$PATH:{tmp_path}/opt/venv/bin"  # last: python3 is the one that it was installed with
    checkout = tmp_path / "opt" / "checkout"
    assert copied == f". {checkout}"
    checkout.mkdir(parents=True)
    for name in ("lab", "docker", "scenarios", "pyproject.toml", "constraints.txt"):
        (checkout / name).symlink_to(ROOT / name)
    command = command.replace("/tmp/mqlab", f"{tmp_path}/home")
    of_image = {**environment, **given}
    subprocess.run(["bash", "-c", command], env=of_image, capture_output=True, check=True)
    job = {**of_image, "MQLAB_CI_EXTRAS": "", "MQLAB_CI_HOME": str(tmp_path / "project")}
    for name in ("install.sh", "key.sh"):
        command = f"{checkout}/docker/ci/{name}"
        subprocess.run(["bash", command], cwd=tmp_path, env=job, capture_output=True, check=True)
    assert len(Path(environment["INSTALLED"]).read_text("utf-8").splitlines()) == 1
    assert not (tmp_path / "project" / "venv").exists()


@pytest.mark.parametrize("extras", ["[foo]", "[amqp,foo]", "amqp", "[amqp] ; x", "[]", "[,]"])
def test_extras_that_mqlab_has_not_are_refused(environment: dict[str, str], tmp_path: Path, extras: str) -> None:
    done = script("install.sh", environment, tmp_path, MQLAB_CI_EXTRAS=extras)
    names = " ".join(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    told = f"MQLAB_CI_EXTRAS={extras} names no extras of mqlab, as [amqp] does; there are: {names}\n"
    assert (done.returncode, done.stderr) == (2, told)
    assert not Path(environment["INSTALLED"]).exists()


@pytest.mark.parametrize("name", ["install.sh", "images.sh", "key.sh", "run.sh"])
def test_a_runtime_that_is_none_is_refused_by_every_step(
    environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    done = script(name, environment, tmp_path, MQLAB_CI_RUNTIME="foo", MQLAB_CI_SCENARIOS="one-way")
    assert (done.returncode, done.stderr) == (2, "MQLAB_CI_RUNTIME=foo is no runtime: emulation or simulation\n")


# Stands for mqlab: loads images with the exit code that it is given, and writes down what it was asked for.
LOADING = """#!/bin/sh
echo "${2:-built}" >>"$INSTALLED"
[ "$2" != --load ] || exit "$LOADS"
"""


@pytest.mark.parametrize(
    ("loads", "kept", "asked"),
    [(0, True, ["--load"]), (3, True, ["--load", "built"]), (130, True, ["--load"]), (2, False, ["--load", "--save"])],
)
def test_only_a_file_of_images_that_is_refused_is_made_anew(
    environment: dict[str, str], tmp_path: Path, loads: int, kept: bool, asked: list[str]
) -> None:
    mqlab = Path(environment["MQLAB_CI_HOME"]) / "venv" / "bin" / "mqlab"
    mqlab.unlink()
    mqlab.write_text(LOADING, "utf-8")
    mqlab.chmod(0o755)
    file = Path(environment["MQLAB_CI_HOME"]) / "images.tar"
    file.touch()
    done = script("images.sh", environment, tmp_path, MQLAB_CI_RUNTIME="emulation", LOADS=str(loads))
    assert (done.returncode, file.exists()) == (130 if loads == 130 else 0, kept), done
    assert Path(environment["INSTALLED"]).read_text("utf-8").split() == asked
    assert 'set\nMQLAB_CI_ACTIVEMQ="5.18.3 5.19.1"' in done.stdout


@pytest.mark.parametrize("name", ["images.sh", "key.sh"])
def test_the_file_of_images_has_the_releases_that_are_named(
    name: str, environment: dict[str, str], tmp_path: Path
) -> None:
    mqlab = Path(environment["MQLAB_CI_HOME"]) / "venv" / "bin" / "mqlab"
    mqlab.unlink()
    mqlab.write_text('#!/bin/sh\necho "$*" >>"$INSTALLED"\n', "utf-8")
    mqlab.chmod(0o755)
    done = script(name, environment, tmp_path, MQLAB_CI_RUNTIME="emulation", MQLAB_CI_ACTIVEMQ="5.18.3 5.19.1")
    assert done.returncode == 0 and "the default engine version alone" not in done.stdout
    asked = Path(environment["INSTALLED"]).read_text("utf-8")
    assert asked.endswith("--activemq-version 5.18.3 --activemq-version 5.19.1\n")


# Stands for mqlab: writes down the arguments, says what a hostile reason would, leaves an annotation and three runs.
# Of a run without a history it makes no film.
WRITING = """#!/bin/sh
if [ "$1" = film ]; then
  case $2 in *cccccc) echo "no history" >&2; exit 2 ;; esac
  echo "film: $2/film.html"; touch "$2/film.html"; exit
fi
printf '%s\\n' "$@" >"$INSTALLED"
mkdir -p "$MQLAB_CI_REPORTS"
echo "  ::add-mask::passed"; echo "::error::said" >&2
echo "::error file=a.yaml,line=1::why" >"$MQLAB_CI_REPORTS/annotations.txt"
for run in 20261201-100000-aaaaaa:passed 20261201-100000-bbbbbb:failed; do
  folder=$MQLAB_HOME/runs/${run%:*}
  mkdir -p "$folder/logs"
  printf '{\\n  "outcome": "%s"\\n' "${run#*:}" >"$folder/report.json"
done
mkdir -p "$MQLAB_HOME/runs/20261201-100001-cccccc"
exit 1
"""


@pytest.fixture
def writing(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return the environment of a job with a mqlab that only writes down its arguments."""
    mqlab = tmp_path / "mqlab" / "venv" / "bin" / "mqlab"
    mqlab.unlink()
    mqlab.write_text(WRITING, "utf-8")
    mqlab.chmod(0o755)
    reports = str(tmp_path / "reports")
    return {**environment, "MQLAB_CI_SCENARIOS": "tests/*.yaml a", "MQLAB_CI_REPORTS": reports}


def arguments(environment: dict[str, str]) -> list[str]:
    return Path(environment["INSTALLED"]).read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, []),
        ({"MQLAB_CI_SHARD": "1", "CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "4"}, []),
        ({"MQLAB_CI_SHARD": "2/3", "MQLAB_CI_LIMIT": "10m"}, ["--shard", "2/3", "--time-limit", "10m"]),
        ({"MQLAB_CI_SHARD": "3", "CI_NODE_INDEX": "2"}, ["--shard", "2/3"]),
        ({"MQLAB_CI_SHARD": "3"}, ["--shard", "/3"]),  # which mqlab refuses: no part is left out in silence
    ],
)
def test_patterns_a_shard_and_a_limit_are_handed_on(
    writing: dict[str, str], tmp_path: Path, given: dict[str, str], words: list[str]
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "b.yaml").touch()
    assert script("run.sh", writing, tmp_path, **given).returncode == 1
    assert arguments(writing)[7:] == [*words, "--", "tests/*.yaml", "a"]


@pytest.mark.parametrize("kept", ["failed", "none"])
def test_the_folders_of_runs_that_did_not_pass_are_kept(writing: dict[str, str], tmp_path: Path, kept: str) -> None:
    earlier = tmp_path / "mqlab" / "runs" / "runs" / "20261130-100000-dddddd"
    earlier.mkdir(parents=True)
    of_earlier_job = tmp_path / "reports" / "failed-runs" / "20261130-100000-eeeeee"
    of_earlier_job.mkdir(parents=True)
    assert script("run.sh", writing, tmp_path, MQLAB_CI_RUNS=kept).returncode == 1
    found = sorted(path.name for path in (tmp_path / "reports" / "failed-runs").iterdir())
    assert found == (["20261201-100000-bbbbbb", "20261201-100001-cccccc"] if kept == "failed" else [])
    films = [film.parent.name for film in (tmp_path / "reports").glob("failed-runs/*/film.html")]
    assert films == (["20261201-100000-bbbbbb"] if kept == "failed" else [])
    assert script("run.sh", writing, tmp_path, MQLAB_CI_RUNS="all").stderr == (
        "MQLAB_CI_RUNS=all says of no runs whether they are kept: failed or none\n"
    )


def test_on_github_only_annotations_are_commands(writing: dict[str, str], tmp_path: Path) -> None:
    done = script("run.sh", writing, tmp_path, GITHUB_ACTIONS="true")
    begin, *said, end, annotation = done.stdout.splitlines()
    token = begin.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token) and end == f"::{token}::"
    assert said == ["  ::add-mask::passed", "::error::said", ""]  # the end begins a line, whatever came before
    assert annotation == "::error file=a.yaml,line=1::why"
    assert (done.stderr, done.returncode) == ("", 1)
    elsewhere = script("run.sh", writing, tmp_path)
    assert (elsewhere.stdout, elsewhere.stderr) == ("  ::add-mask::passed\n", "::error::said\n")


def test_pages_of_an_earlier_job_are_removed_and_no_other_file(writing: dict[str, str], tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    for name in ("old one.html", "mine.html", "code-quality.json"):
        (reports / name).touch()
    (reports / "old one.junit.xml").write_text('<testsuites><testsuite package="mqlab"/></testsuites>', "utf-8")
    (reports / "mine.junit.xml").write_text("<testsuites/>", "utf-8")
    script("run.sh", writing, tmp_path)
    left = {path.name for path in reports.iterdir()}
    assert left == {"mine.html", "mine.junit.xml", "annotations.txt", "failed-runs"}


@pytest.mark.release
def test_a_summary_of_an_earlier_run_is_not_shown_for_this_one(environment: dict[str, str], tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    given = {"MQLAB_CI_REPORTS": str(reports), "MQLAB_CI_SCENARIOS": "one-way\r\n"}
    assert script("run.sh", environment, tmp_path, **given).returncode == 0
    page = Path(environment["GITHUB_STEP_SUMMARY"])
    assert "passed" in page.read_text("utf-8")
    page.unlink()
    assert script("run.sh", environment, tmp_path, **given, MQLAB_CI_JOBS="x").returncode == 2
    assert not page.exists()
    assert script("run.sh", environment, tmp_path, **given, GITHUB_STEP_SUMMARY="/proc/nope").returncode == 0


def served_at(url: str, key: str) -> int:
    """Return the number of the brokers that a job's client lists."""
    names = {"aws_access_key_id": key, "aws_secret_access_key": "mqlab", "region_name": "ap-northeast-1"}
    return len(boto3.client("mq", endpoint_url=url, **names).list_brokers()["BrokerSummaries"])


def test_later_steps_of_a_job_have_the_api_until_the_job_ends(environment: dict[str, str], tmp_path: Path) -> None:
    variables, states = tmp_path / "variables", tmp_path / "state"
    with subprocess.Popen(["sleep", "600"]) as job:
        given = {"GITHUB_ENV": str(variables), "MQLAB_CI_PROCESS": str(job.pid), "MQLAB_STATE": str(states)}
        done = script("serve.sh", environment, tmp_path, MQLAB_CI_SERVE="records", **given)
        assert done.returncode == 0, done.stderr
        found = dict(line.split("=", 1) for line in variables.read_text("utf-8").splitlines())
        assert done.stdout == f"# READY {found['AWS_ENDPOINT_URL']}\n"
        assert served_at(found["AWS_ENDPOINT_URL"], found["AWS_ACCESS_KEY_ID"]) == 0
        job.kill()
        assert RealClock().wait(lambda: not servers(states) and not list(states.glob("accounts/*")), 60.0)


@pytest.mark.release
def test_the_script_of_a_component_has_the_api_and_leaves_no_server(
    environment: dict[str, str], tmp_path: Path
) -> None:
    own = Path(environment["MQLAB_CI_HOME"], "venv", "bin", "mqlab")
    lines = [line for line in JOBS["mqlab"]["before_script"] if "install.sh" not in line]
    text = "\n".join((*lines, f'{own} status --json; echo "at $AWS_ENDPOINT_URL"')).replace(
        "$[[ inputs.source ]]", str(ROOT)
    )
    states = tmp_path / "state"
    given = {"MQLAB_CI_SERVE": "records", "MQLAB_STATE": str(states), "DOCKER_HOST": f"unix://{tmp_path}/none"}
    command = ["bash", "-eo", "pipefail", "-c", text]
    done = subprocess.run(
        command, cwd=tmp_path, env={**environment, **given}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f'"url": "{done.stdout.split("at ")[-1].strip()}"' in done.stdout
    assert RealClock().wait(lambda: not servers(states), 60.0)


def test_a_job_whose_api_cannot_be_served_fails(environment: dict[str, str], tmp_path: Path) -> None:
    """The job's shell ends with its script, though the settings are evaluated."""
    Path(environment["MQLAB_CI_HOME"], "venv", "bin", "mqlab").unlink()
    call, evaluated = JOBS["mqlab"]["before_script"][-2:]
    text = f"{call}\n{evaluated}\necho went on".replace("$[[ inputs.source ]]", str(ROOT))
    given = {**environment, "MQLAB_CI_SERVE": "records"}
    command = ["bash", "-eo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    wrong = script("serve.sh", environment, tmp_path, MQLAB_CI_SERVE="maybe")
    assert (wrong.returncode, "yes, records or no" in wrong.stderr) == (2, True)


def test_a_job_that_serves_the_api_has_its_extra_and_needs_no_scenario(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for extras in ("", "[amqp]"):
        given = {"MQLAB_CI_SERVE": "records", "MQLAB_CI_EXTRAS": extras}
        assert script("install.sh", environment, tmp_path, **given).returncode == 0
    installed = Path(environment["INSTALLED"]).read_text("utf-8").splitlines()
    assert [line.rpartition("[")[2] for line in installed] == ["api]", "amqp,api]"], installed
    done = script("run.sh", environment, tmp_path, MQLAB_CI_SERVE="records", MQLAB_CI_REPORTS=str(tmp_path / "reports"))
    assert (done.returncode, done.stdout) == (0, "no scenario is named: the job has the API alone\n")


def test_an_install_that_fails_is_done_again(environment: dict[str, str], tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no-folder" / "installed")  # so that pip fails
    assert script("install.sh", environment, tmp_path, INSTALLED=nowhere).returncode != 0
    assert script("install.sh", environment, tmp_path).returncode == 0
    assert len(Path(environment["INSTALLED"]).read_text("utf-8").splitlines()) == 1


def test_a_job_that_is_cancelled_tells_mqlab_and_waits_for_it(environment: dict[str, str], tmp_path: Path) -> None:
    """The shell alone is told, as where a process is in a group of its own."""
    mqlab = Path(environment["MQLAB_CI_HOME"]) / "venv" / "bin" / "mqlab"
    mqlab.unlink()
    mqlab.write_text(RUNNING, "utf-8")
    mqlab.chmod(0o755)
    given = {"MQLAB_CI_SCENARIOS": "any", "MQLAB_CI_REPORTS": str(tmp_path / "reports")}
    command = ["bash", str(SCRIPTS / "run.sh")]
    with subprocess.Popen(command, env={**environment, **given}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 5
    assert Path(environment["GITHUB_STEP_SUMMARY"]).read_text("utf-8") == "told to end"


@pytest.mark.release
@pytest.mark.parametrize(("scenarios", "code"), [("", 2), ("no-such-scenario", 2), ("broken.yaml", 1)])
def test_the_exit_code_is_mqlabs(environment: dict[str, str], tmp_path: Path, scenarios: str, code: int) -> None:
    text = (
        (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8").replace("topologies/", f"{ROOT}/scenarios/topologies/")
    )
    (tmp_path / "broken.yaml").write_text(text + "  - latency: {to: [sg], at-least: 1m}\n", "utf-8")
    done = script("run.sh", environment, tmp_path, MQLAB_CI_SCENARIOS=scenarios)
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("name", ["run.sh", "images.sh", "key.sh"])
def test_a_script_before_the_one_that_installs_says_so(environment: dict[str, str], tmp_path: Path, name: str) -> None:
    home = tmp_path / "a home"
    given = {"MQLAB_CI_HOME": str(home), "MQLAB_CI_SCENARIOS": "one-way", "MQLAB_CI_RUNTIME": "emulation"}
    done = script(name, environment, tmp_path, **given)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        f"mqlab is not installed: there is no {home}/venv/bin/mqlab",
        f"  bash {SCRIPTS}/install.sh installs it; MQLAB_CI_HOME and MQLAB_CI_VENV say where, to every script",
    ]


@pytest.mark.release
def test_the_jobs_page_has_names_where_the_summary_has_links(environment: dict[str, str], tmp_path: Path) -> None:
    """Signs of Markdown in a name are escaped, brackets and what ends a link among them."""
    text = (
        (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8").replace("topologies/", f"{ROOT}/scenarios/topologies/")
    )
    (tmp_path / "a_[b](c.html).yaml").write_text(text, "utf-8")
    reports = tmp_path / "reports"
    given = {"MQLAB_CI_SCENARIOS": "one-way a_[b](c.html).yaml none[](x.html)", "MQLAB_CI_REPORTS": str(reports)}
    done = script("run.sh", environment, tmp_path, **given)
    assert done.returncode == 2, done.stderr
    on_the_page = Path(environment["GITHUB_STEP_SUMMARY"]).read_text("utf-8")
    found = [line.split(" | ")[1] for line in on_the_page.splitlines() if line.startswith("| ")][2:]
    assert found == ["one-way", r"a\_\[b\]\(c.html\).yaml", r"none\[\]\(x.html\)"]
    beside = (reports / "summary.md").read_text("utf-8")
    assert "[one-way](one-way.html)" in beside
    assert len(beside.splitlines()) == len(on_the_page.splitlines())


def _fits(schema: str, text: str, folder: Path) -> None:
    file = folder / "checked.yml"
    file.write_text(text, "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_action_and_the_workflows_shown_fit_the_schemas(tmp_path: Path) -> None:
    _fits("github-actions", (ROOT / "action.yml").read_text("utf-8"), tmp_path)
    shown = blocks("yaml", "workflow")
    assert shown
    for block in shown:
        _fits("github-workflows", block.text, tmp_path)
        _names_inputs(block.text)


@pytest.mark.parametrize(("name", "schema"), [("github", "github-workflows"), ("gitlab", "gitlab-ci")])
def test_a_nightly_job_runs_every_test_and_keeps_durations(name: str, schema: str, tmp_path: Path) -> None:
    text = (ROOT / "templates" / "nightly" / f"{name}.yml").read_text("utf-8")
    _fits(schema, text, tmp_path)
    assert 'MQLAB_TEST_ALL: "yes"' in text and "build/tests" in text
    assert re.search(r"- (run: )?\.ci/run$", text, re.MULTILINE) and os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_and_its_use_fit_the_schema(name: str, tmp_path: Path) -> None:
    spec, job = COMPONENTS[name]
    inputs: dict[str, Any] = yaml.safe_load(spec)["spec"]["inputs"]
    named = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", job))
    assert named == set(inputs)
    filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda m: str(inputs[m[1]].get("default") or "x"), job)
    _fits("gitlab-ci", filled, tmp_path)
    uses = [block for block in blocks("yaml", "gitlab") if f"/{name}@" in block.text]
    assert uses
    for block in uses:
        _fits("gitlab-ci", block.text, tmp_path)
        for each in yaml.safe_load(block.text)["include"]:
            assert set(each["inputs"]) <= set(inputs)


def test_a_job_beside_its_engine_names_it_as_gitlab_does() -> None:
    job = JOBS["mqlab-dind"]
    (service,) = job["services"]
    found = published_at(job["variables"])
    assert (found.host, found.bind) == (service["alias"], "0.0.0.0")
    assert resolved(job["variables"]) == job["variables"]


def _names_inputs(text: str) -> None:
    jobs = yaml.safe_load(text)["jobs"].values()
    used = {name for job in jobs for step in job["steps"] if "mqlab@" in step.get("uses", "") for name in step["with"]}
    assert used and used <= set(ACTION["inputs"])


def test_every_input_is_on_the_page() -> None:
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    action, components = page.split("\n## GitLab\n")
    assert set(re.findall(r"^\| `(\w+)` \|", action, re.MULTILINE)) == set(ACTION["inputs"])
    listed = re.findall(r"^\| `(\w+)` \| (?:both|`([\w-]+)`) \| (.*) \|$", components, re.MULTILINE)
    for name, (spec, _) in COMPONENTS.items():
        inputs = yaml.safe_load(spec)["spec"]["inputs"]
        its = {key: words for key, of, words in listed if of in ("", name)}
        assert set(its) == set(inputs), name
        for key, each in inputs.items():
            assert each.get("default", "") in ("", 0) or str(each["default"]) in its[key], (name, key)
