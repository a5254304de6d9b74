"""No password of a scenario is in what is kept or printed, wherever a file has it and however it is escaped."""

from __future__ import annotations

import html
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from urllib.parse import quote, quote_plus, unquote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
import yaml
from typer.testing import CliRunner

from lab.base.masking import MASK
from lab.check.scenarios import plan_named
from lab.cli import app
from lab.declare.loading import load, masked_sources
from lab.history import Header, HistoryFile, Publishing, StepStarted, read
from lab.judge import judge_whole
from lab.operating import runtimes
from lab.report.files import keep
from lab.report.run_folder import RunFolder, create

USERS = {"tokyo": "s3cr&t<pw>\"it's-long1", "singapore": "100% ü-no! #{x} \\n \\u0041 %41z".replace("ü", "u")}
CONNECTORS = "\"quoted\" & <tagged> 'both' %2F pw-of-a-connector"  # of no user of the scenario
QUERY = "of-a-uri's-query+1%2"
SECRETS = {
    "the environment's": USERS["tokyo"],
    "the file's": USERS["singapore"],
    "a connector's": CONNECTORS,
    "a URI's": QUERY,
}
SHORT = "pw-7"  # what has so few signs is masked where it is named
ENVIRONMENT = {"PASSWORD_OF_TEST": USERS["tokyo"]}
ENDPOINT = "ssl://b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com:61617"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str, escape, quoteattr, html.escape, json.dumps, quote, quote_plus,
    lambda text: quote(quote(text)),
    *(lambda text, form=form: "".join(form.format(ord(each)) for each in text)  # type: ignore[misc]
      for form in ("&#{};", "&#x{:X};", "%{:02x}", "\\u{:04x}", "\\x{:02x}")),
)  # fmt: skip


def everywhere() -> str:
    """Return every password in every spelling, as one line; a comment may hold it all."""
    return " and ".join(spell(each) for each in SECRETS.values() for spell in SPELLINGS)


def single(text: str) -> str:
    """Return a text in YAML's single quotes."""
    return "'" + text.replace("'", "''") + "'"


CONFIGURATION = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<broker xmlns="http://activemq.apache.org/schema/core">
  <!-- {everywhere().replace("--", "- -")} -->
  <networkConnectors>
    <networkConnector name="c" userName="testuser" password={quoteattr(CONNECTORS)} duplex="true"
      uri="static:({ENDPOINT})"/>
    <networkConnector name="d" userName="testuser" password="{SHORT}"
      uri="static:({ENDPOINT}?password={quote(QUERY)})"/>
  </networkConnectors>
</broker>
"""
SCENARIO = f"""
scenario: {json.dumps("it ends with password=")}
about: {json.dumps(everywhere())}
# {everywhere()}
topology:
  topology: s
  regions:
    tokyo:     {{aws-region: ap-northeast-1, vpc: 10.1.0.0/16}}   # password="{SHORT}"
    singapore: {{aws-region: ap-southeast-1, vpc: 10.2.0.0/16}}
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
        testuser: {{password: {single(USERS["singapore"])}}}
  links:
    - {{between: [tokyo, singapore], link: aws}}
steps:
  - subscribe: {{client: a, broker: singapore, over: stomp, topic: t}}
  - publish:
      broker: tokyo
      over: stomp
      topic: t
      body: {json.dumps(everywhere())}
      headers: {{pw: {single(USERS["tokyo"])}, other: {json.dumps(CONNECTORS)}, ends: 'password='}}
expect:
  - log: {{broker: tokyo, matches: {json.dumps(re.escape(USERS["singapore"]).replace(chr(92), ""))}, absent: yes}}
"""


def readings(text: str) -> set[str]:
    """Return a text and all that XML, JSON, YAML and URLs may read in it, some levels deep."""
    found, new = set(), {text}
    for _ in range(3):
        found |= new
        new = {
            read
            for each in new
            for read in (
                html.unescape(each),
                unquote_plus(each),
                each.replace("''", "'"),
                re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), each),
                re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), each),
                re.sub(r"\\([\"'\\/])", r"\1", each),
            )
        } - found
    return found | new


def leaks(text: str) -> list[str]:
    """Name the passwords that are in a text, in whatever reading of it."""
    read = readings(text)
    found = [name for name, secret in SECRETS.items() if any(secret in each for each in read)]
    return found + (["the short one"] if any(SHORT in each for each in read) else [])


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "secret.xml").write_text(CONFIGURATION)
    path = tmp_path / "secret.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def kept(scenario: Path, tmp_path: Path) -> RunFolder:
    """A run folder with all that is written before, while and after a scenario is replayed."""
    found = plan_named(str(scenario), ENVIRONMENT)
    folder = create(tmp_path / "home", "20261126-000000-abcdef")
    mask = found.scenario.origin.mask
    folder.keep(masked_sources(found.scenario), found.plan, mask, {"about": USERS["tokyo"]})
    declared = found.scenario.declared()
    header = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared=declared, mqlab="0")
    with HistoryFile(folder.history, header, mask) as history:
        history.record(StepStarted(t=0.0, step=1, verb="publish", asked=f"publish {everywhere()} password="))
        history.record(
            Publishing(
                t=0.1, step=1, client="c", broker="tokyo", over="stomp", destination=f"topic://{USERS['tokyo']}",
                persistent=True, body="given", headers={CONNECTORS: QUERY},
            )
        )  # fmt: skip
    keep(judge_whole(folder.history), folder)
    return folder


def test_the_search_finds_what_is_planted() -> None:
    for secret in SECRETS.values():
        for spell in (*SPELLINGS, lambda text: json.dumps(quoteattr(text)), single):
            assert leaks(f"x {spell(secret)} y"), spell(secret)
    assert leaks(SCENARIO) == leaks(CONFIGURATION) == [*SECRETS, "the short one"]


def test_no_file_of_a_run_has_a_password(kept: RunFolder) -> None:
    files = {str(path.relative_to(kept.path)): path.read_text() for path in kept.path.rglob("*") if path.is_file()}
    assert {Path(name).name for name in files} >= {
        "secret.yaml", "secret.xml", "plan.json", "activemq.xml", "history.jsonl", "report.json", "report.html",
        "report.junit.xml",
    }  # fmt: skip
    assert {name: leaks(text) for name, text in files.items() if leaks(text)} == {}
    json.loads(files["plan.json"])
    step, _ = read(kept.history).observations
    assert isinstance(step, StepStarted) and step.asked.endswith(" password=")


def test_a_copy_of_a_source_is_what_it_was_but_for_the_passwords(kept: RunFolder, scenario: Path) -> None:
    was, copy = (
        yaml.load(path.read_text(), Loader=yaml.BaseLoader)
        for path in (scenario, kept.path / "sources" / scenario.name)
    )
    assert copy["scenario"] == was["scenario"] == "it ends with password="
    assert copy["steps"][1]["publish"]["headers"] == {"pw": MASK, "other": MASK, "ends": "password="}
    assert copy["topology"]["brokers"]["singapore"]["users"]["testuser"]["password"] == MASK
    assert {key: value for key, value in copy["topology"].items() if key != "brokers"} == {
        key: value for key, value in was["topology"].items() if key != "brokers"
    }


def test_a_run_is_its_owners_alone(kept: RunFolder) -> None:
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.path.rglob("*") if path.is_file()} == {0o600}


def said(words: str, *paths: Path | str, handed_in: str = "") -> str:
    command = [sys.executable, "-c", "from lab.cli import main; main()", *words.split(), *map(str, paths)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}, check=False, input=handed_in
    )
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", ["plan", "plan --json", "render", "render --diff", "render --json", "check", "check --json", "routes"]
)
def test_no_command_prints_a_password(scenario: Path, words: str) -> None:
    assert leaks(told := said(words, scenario)) == []
    assert "networkConnector" in told or not words.startswith(("render", "check"))


@pytest.mark.parametrize("words", ["check", "check --json"])
def test_a_configuration_alone_is_not_quoted(scenario: Path, words: str) -> None:
    assert leaks(told := said(words, scenario.with_name("secret.xml"))) == []
    assert "networkConnector" in told


@pytest.mark.release
@pytest.mark.parametrize(
    "wrong",
    [
        '<!-- password="{0}" --><{0} xmlns="http://activemq.apache.org/schema/core"/>',
        '<broker xmlns="{0}"><!-- password="{0}" --></broker>',
        '<broker xmlns="http://activemq.apache.org/schema/core"><!-- password="{0}" -->&{0};</broker>',
        '<broker xmlns="http://activemq.apache.org/schema/core"><!-- password="{0}" --></{0}>',
        '<broker xmlns="http://activemq.apache.org/schema/core"><!-- password="{0}" --><{0}/></broker>',
    ],
)
def test_a_configuration_that_cannot_be_read_is_not_quoted_either(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "wrong.xml").write_text(wrong.format("of-a-comment-1858"))
    for words in ("check", "check --json"):
        told = said(words, tmp_path / "wrong.xml")
        assert "wrong.xml:1:" in told or "wrong.xml" in json.loads(told)["problems"][0]["file"]
        assert "of-a-comment" not in told


@pytest.mark.parametrize("words", ["check -", "plan - --json", "routes - --json"])
def test_what_is_handed_in_is_not_quoted(words: str) -> None:
    told = said(words, handed_in=SCENARIO.replace("      configuration: secret.xml\n", ""))
    assert told and leaks(told) == []


@pytest.mark.parametrize("words", ["check", "plan --json", "routes --json"])
def test_a_topology_alone_is_not_quoted(words: str, scenario: Path) -> None:
    topology = dedent(SCENARIO.partition("topology:\n")[2].partition("steps:")[0])
    scenario.write_text(topology)
    assert leaks(said(words, scenario)) == []


@pytest.mark.release
def test_a_file_that_is_named_as_a_password_is_kept_and_told_under_another_name(tmp_path: Path) -> None:
    secret = "of-a-file-name-1858"
    (tmp_path / "secret.xml").write_text(CONFIGURATION)
    path = tmp_path / f"{secret}.yaml"
    path.write_text(SCENARIO.replace("about: ", f"about: 'password={secret}' # ", 1))
    found = plan_named(str(path), ENVIRONMENT)
    folder = create(tmp_path / "home", "20261126-000000-abcdef")
    folder.keep(masked_sources(found.scenario), found.plan, found.scenario.origin.mask)
    assert {each.name for each in (folder.path / "sources").iterdir()} == {f"{MASK}.yaml", "secret.xml"}
    assert secret not in said("check", path)
    path.write_text(path.read_text().replace("client: a,", "client: a, bogus: 1,"))
    assert f"{MASK}.yaml:24:28: unknown key 'bogus'" in (told := said("check", path)) and secret not in told


@pytest.mark.parametrize("words", ["judge", "judge --json", "history", "history --json", "history --unfold"])
def test_no_reading_of_a_run_prints_a_password(kept: RunFolder, scenario: Path, words: str) -> None:
    assert leaks(said(words, kept.history)) == []
    if words.startswith("judge"):
        assert leaks(said(words, "--scenario", scenario, kept.history)) == []


@pytest.fixture
def simulated(scenario: Path) -> Path:
    """The same, without the two things that have no model: a URI's password, and an expectation about a log."""
    configuration = scenario.with_name("secret.xml")
    configuration.write_text(CONFIGURATION.replace(f"?password={quote(QUERY)}", ""))
    scenario.write_text(
        SCENARIO.partition("expect:")[0] + "expect:\n  - delivered: {to: a, promise: exactly-once, within: 5s}\n"
    )
    return scenario


BODIES = (f"say {USERS['tokyo']}", f"say {USERS['singapore']}", f"password={SHORT}")


@pytest.mark.release
def test_no_password_is_in_what_comes_of_values(simulated: Path, tmp_path: Path) -> None:
    """Two values that look alike without their passwords are told apart by their numbers."""
    table, document, page = (tmp_path / name for name in ("a.csv", "a.json", "a.html"))
    varied = ("--set", f"steps.2.body={','.join(BODIES)}", "--set", "steps.2.count=1,2")
    told = said("vary", simulated, *varied, "--csv", table, "--json", document, "--html", page)
    texts = {"terminal": told, **{path.name: path.read_text() for path in (table, document, page)}}
    assert {name: leaks(text) for name, text in texts.items() if leaks(text)} == {}
    called = [f"say {MASK} (1)", f"say {MASK} (2)", f"password={MASK} (3)"]
    assert {name: [each for each in called if each not in text] for name, text in texts.items()} == {
        name: [] for name in texts
    }
    found = json.loads(document.read_text())
    assert found["values"]["steps.2.body"] == called
    assert len({json.dumps(run["set"]) for run in found["runs"]}) == found["runs_asked"] == 6
    assert "error" not in {run["outcome"] for run in found["runs"]}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((f"steps.2.body={','.join(BODIES)}", "steps.2.count=1,x"), f"steps.2.body=say {MASK} (1), steps.2.count=x"),
        ((f"steps.2.body={','.join(BODIES)}", "steps.2.count=x,1"), f"steps.2.body=say {MASK} (1), steps.2.count=x"),
        ((f"steps.2.body={BODIES[1]},{BODIES[1]}",), "steps.2.body has the same value twice: numbers 1 and 2"),
        ((f"steps.2.body=[{BODIES[1]}",), "without its end"),
        (
            (f"connectors.d.uri=static:({ENDPOINT}?password={SHORT}),static:({ENDPOINT}?password={quote(QUERY)})",),
            f"connectors.d.uri={MASK} (1)",
        ),
        ((f"brokers.singapore.users.testuser.password={SHORT},generated",), f"password={MASK}"),
        ((f"brokers.singapore.users={{testuser: {{password: {SHORT}}}}},x",), f"users={MASK}"),
    ],
)
def test_no_complaint_about_values_quotes_a_password(simulated: Path, values: tuple[str, ...], words: str) -> None:
    asked = [word for each in values for word in ("--set", each)]
    ended = CliRunner().invoke(app, ["vary", str(simulated), *asked], env={**ENVIRONMENT, "COLUMNS": "250"})
    assert (ended.exit_code, leaks(ended.output)) == (2, [])
    assert words in ended.stderr


def test_the_command_that_runs_it_instead_has_no_password(simulated: Path) -> None:
    values = {"steps.2.body": BODIES[1], "steps.2.headers": f"{{pw: {single(USERS['tokyo'])}}}"}
    found = plan_named(str(simulated), ENVIRONMENT, set=values)
    with_engine = runtimes.runtime(runtimes.USUAL, ENVIRONMENT)
    told = runtimes.instead(with_engine, found, str(simulated), seed=7, set=values, version=None)
    assert leaks(told.replace("""'"'"'""", "'")) == []  # as a shell reads it
    assert f"'steps.2.body=say {MASK}'" in told and told.endswith("--seed 7 --runtime simulation")


@pytest.mark.release
@pytest.mark.parametrize(
    ("was", "wrong"),
    [
        ("over: stomp, topic", f"over: {single(USERS['singapore'])}, topic"),
        ("client: a,", f"client: a, {single(USERS['singapore'])}: 1,"),
        ("  - {between: [tokyo, singapore], link: aws}", f"  - {{between: [tokyo, {single(CONNECTORS)}], link: aws}}"),
        ("link: aws}", f"link: aws}}\n    - [{single(USERS['singapore'])}"),
        ("broker: tokyo, matches", f"broker: {single(USERS['singapore'])}, matches"),
    ],
)
def test_no_complaint_quotes_a_password(scenario: Path, was: str, wrong: str) -> None:
    assert was in SCENARIO
    scenario.write_text(SCENARIO.replace(was, wrong, 1))
    for words in ("check", "check --json", "plan"):
        told = said(words, scenario)
        assert scenario.name in told
        assert leaks(told) == [], words


def test_what_a_generated_password_is_stands_nowhere(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("{env: PASSWORD_OF_TEST}", "generated"))
    found = load(scenario, environment={})
    (password,) = found.topology.passwords()["tokyo"].values()
    text = "".join(each.text for each in found.origin.sources) + json.dumps(found.declared()) + repr(found)
    assert password.get_secret_value() not in text


def test_a_password_that_yaml_writes_in_its_own_way_is_known_as_it_is_read(scenario: Path) -> None:
    odd = "".join(f"\\x{ord(each):02x}" for each in "of-a-body-1858")
    scenario.write_text(SCENARIO.replace("about: ", f"about: \"password='{odd}'\" #", 1))
    assert "of-a-body-1858" in load(scenario, environment=ENVIRONMENT).origin.mask.secrets
