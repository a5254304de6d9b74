"""No password of a scenario is in what is kept or printed, wherever a file has it and however it is escaped."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lab.declare.loading import masked_sources
from lab.folder import RunFolder, create
from lab.history import Header, HistoryFile, StepStarted, read
from lab.scenarios import plan_named

SECRET = "s3cr&t<pw>\"it's-long1"
PARTS = ("s3cr", "t<pw", "t&lt;pw", "it's-long", "short-1")  # of what no file may have
REGIONS = """
  regions:
    tokyo:     {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
    singapore: {aws-region: ap-southeast-1, vpc: 10.2.0.0/16}
"""
SCENARIO = f"""
scenario: secrets
about: "escaped in double quotes: s3cr&t<pw>\\"it's-long1"
topology:
  topology: s
{REGIONS}
  brokers:
    tokyo:
      region: tokyo
      configuration: secret.xml
      users:
        testuser: {{password: {{env: PASSWORD_OF_TEST}}}}
    singapore:
      region: singapore
      broker-id: b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5
      users:
        testuser: {{password: 's3cr&t<pw>"it''s-long1'}}
  links:
    - {{between: [tokyo, singapore], link: aws}}
steps:
  - subscribe: {{client: a, broker: singapore, over: stomp, topic: t}}
  - publish:
      broker: tokyo
      over: stomp
      topic: t
      body: 's3cr&t<pw>"it''s-long1'
      headers: {{pw: 's3cr&t<pw>"it''s-long1'}}
"""
CONFIGURATION = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<broker xmlns="http://activemq.apache.org/schema/core">
  <!-- plain: s3cr&t<pw>"it's-long1 -->
  <networkConnectors>
    <networkConnector name="c" userName="testuser" password="s3cr&amp;t&lt;pw&gt;&quot;it's-long1" duplex="true"
      uri="static:(ssl://b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com:61617)"/>
    <networkConnector name="d" userName="testuser" password="short-1"
      uri="static:(ssl://b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com:61617)"/>
  </networkConnectors>
</broker>
"""
ENVIRONMENT = {"PASSWORD_OF_TEST": SECRET}


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "secret.xml").write_text(CONFIGURATION)
    path = tmp_path / "secret.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def kept(scenario: Path, tmp_path: Path) -> RunFolder:
    """A run folder with all that is written before and while a scenario is replayed."""
    found = plan_named(str(scenario), ENVIRONMENT)
    folder = create(tmp_path / "home", "20261126-000000-abcdef")
    mask = found.scenario.origin.mask
    folder.keep(masked_sources(found.scenario), found.plan, mask)
    declared = found.scenario.declared()
    header = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared=declared, mqlab="0")
    with HistoryFile(folder.history, header, mask) as history:
        history.record(StepStarted(t=0.0, step=1, verb="publish", asked=f'publish "{SECRET}" password='))
    return folder


def test_no_file_of_a_run_has_a_password(kept: RunFolder) -> None:
    files = [path for path in kept.path.rglob("*") if path.is_file()]
    assert {"secret.yaml", "secret.xml", "plan.json", "activemq.xml", "history.jsonl"} <= {path.name for path in files}
    found = [(path.name, part) for path in files for part in PARTS if part in path.read_text().replace("\\", "")]
    assert found == []
    json.loads((kept.path / "plan.json").read_text())
    (step,) = read(kept.history).observations
    assert isinstance(step, StepStarted) and step.asked == 'publish "********" password='


def test_a_run_is_its_owners_alone(kept: RunFolder) -> None:
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.path.rglob("*") if path.is_file()} == {0o600}


@pytest.mark.parametrize("words", ["plan", "plan --json", "render", "render --diff", "check", "check --json"])
def test_no_command_prints_a_password(scenario: Path, words: str) -> None:
    command = [sys.executable, "-c", "from lab.cli import main; main()", *words.split(), str(scenario)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}, check=False)
    said = (done.stdout + done.stderr).replace("\\", "")
    assert "networkConnector" in said or words.startswith("plan")
    assert [part for part in PARTS if part in said] == []
