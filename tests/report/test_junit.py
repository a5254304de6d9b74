"""JUnit XML: a case for each expectation, never green for what nobody could tell, valid wherever it is read.

Jenkins' schema is `junit-10.xsd` of its xUnit plugin, which is public under the MIT licence; it is no file of ours, but
pytest's source archive carries it, and `docker/test-tools.sh` takes it from there. The rules of the schema for Apache
Ant's task (JUnit.xsd, Windy Road Technology, Apache licence 2.0) are told here in our own words.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import etree

from lab.judge import Outcome, Verdict, judge_file
from lab.judge.values import Report
from lab.report.junit import THE_RUN, to_xml
from tests.judge.cases import CASES
from tests.promised import lacking

from .test_drawing import report

DIGEST = "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"
EVIL = "]]><x>&\"'\x00\x1b\x0b\ufffe\ud800 \u202e\n\ttail"
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def of(*outcomes: Outcome) -> Report:
    verdicts = tuple(Verdict(expectation="delivered: {to: a}", outcome=each, reason=f"so {each}") for each in outcomes)
    return replace(report(), verdicts=verdicts, outcome=outcomes[0] if outcomes else Outcome.PASSED)


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        ("queue-waits", "messages to warehouse at singapore, queue://orders", "2 of 6, 4 wait on tokyo"),
        ("cut-short", "messages to sg at singapore, topic://MQ Test Tokyo-to-Singapore",
         "0 of 1, of 1 no counter shows where it is"),
        ("all-passed", "", ""),
    ],
)  # fmt: skip
def test_what_became_of_messages_that_did_not_come_is_a_property(case: str, name: str, value: str) -> None:
    (path,) = (each for each in CASES if each.name == case)
    xml = ElementTree.fromstring(to_xml(judge_file(path / "history.jsonl"), 1.0))
    found = {each.get("name"): each.get("value") for each in xml.iter("property")}
    assert {key: its for key, its in found.items() if str(key).startswith("messages to")} == (
        {name: value} if name else {}
    )
    assert " lost" not in " ".join(str(each.get("message")) for each in xml.iter("failure"))


@pytest.fixture(scope="module")
def jenkins() -> etree.XMLSchema:
    cache = os.environ.get("MQLAB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mqlab")
    path = Path(cache, "tests", "junit-10.xsd")
    if not path.is_file():
        lacking(f"no {path}: bash docker/test-tools.sh fetches it")
    assert sha256(path.read_bytes()).hexdigest() == DIGEST
    return etree.XMLSchema(etree.parse(path))


@pytest.mark.tools
@CASE
def test_jenkins_takes_every_report(case: Path, jenkins: etree.XMLSchema) -> None:
    jenkins.assertValid(etree.fromstring(to_xml(judge_file(case / "history.jsonl"), 1.5).encode()))


@CASE
def test_ant_takes_every_report(case: Path) -> None:
    keeps_to_ants_rules(to_xml(judge_file(case / "history.jsonl"), 1.5))


@pytest.mark.parametrize("started", ["", "yesterday", "2026-08-21T10:15:00.123+09:00", "2026-08-21"])
def test_hostile_texts_stay_text(jenkins: etree.XMLSchema, started: str) -> None:
    verdict = Verdict(expectation=EVIL, outcome=Outcome.FAILED, reason=EVIL)
    hostile = replace(of(), scenario=EVIL, run=EVIL, started=started, verdicts=(verdict, verdict), notes=(EVIL, EVIL))
    text = to_xml(hostile, 0.0)
    keeps_to_ants_rules(text)
    jenkins.assertValid(etree.fromstring(text.encode()))
    failure = ElementTree.fromstring(text).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "]]><x>&\"'" + 5 * "\ufffd" + " \u202e\n\ttail"


def test_broken_is_a_failure_and_unknown_an_error() -> None:
    suite = ElementTree.fromstring(to_xml(of(Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED), 12.3456))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("time")) == (
        "4",
        "1",
        "1",
        "12.346",
    )
    assert [[child.tag for child in case] for case in suite.iter("testcase")] == [[], ["failure"], ["error"], []]
    assert suite.find(".//skipped") is None
    assert [child.get("message") for case in suite.iter("testcase") for child in case] == ["so failed", "so unknown"]


def test_cases_of_one_name_are_told_apart() -> None:
    suite = ElementTree.fromstring(to_xml(of(Outcome.PASSED, Outcome.PASSED), 0))[0]
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names == [THE_RUN, "delivered: {to: a}", "delivered: {to: a} (2)"]


def test_the_cases_of_a_run_take_as_long_together_as_the_run() -> None:
    """CI systems show the sum of the cases."""
    suite = ElementTree.fromstring(to_xml(of(Outcome.FAILED, Outcome.PASSED), 12.3456))[0]
    assert [case.get("time") for case in suite.iter("testcase")] == ["12.346", "0.000", "0.000"]


def test_a_dot_in_a_scenarios_name_begins_no_package() -> None:
    suite = ElementTree.fromstring(to_xml(replace(of(Outcome.PASSED), scenario="v1.2 of it"), 0))[0]
    assert {case.get("classname") for case in suite.iter("testcase")} == {"mqlab.v1_2 of it"}


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.UNKNOWN])
def test_where_nothing_was_expected_there_is_one_case_all_the_same(outcome: Outcome) -> None:
    suite = ElementTree.fromstring(to_xml(replace(of(), outcome=outcome, notes=("cut short",)), 0))[0]
    assert [case.get("name") for case in suite.iter("testcase")] == [THE_RUN]
    assert (suite.find(".//error") is None) == (outcome is Outcome.PASSED)


def test_the_run_is_told_in_properties() -> None:
    suite = ElementTree.fromstring(to_xml(of(Outcome.PASSED), 0))[0]
    told = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (told["scenario"], told["run"], told["seed"], told["outcome"]) == ("crossing", "r1", "1", "passed")


@CASE
def test_the_same_history_gives_the_same_bytes(case: Path) -> None:
    assert to_xml(judge_file(case / "history.jsonl"), 1) == to_xml(judge_file(case / "history.jsonl"), 1)


def keeps_to_ants_rules(text: str) -> None:
    """Hold a file against the schema of Apache Ant's task: what must be there, in which order, written how."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites" and not root.attrib
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        needed = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"}
        assert set(suite.attrib) == needed and suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        assert all(suite.attrib[name].isdecimal() for name in ("tests", "failures", "errors"))
        assert float(suite.attrib["time"]) >= 0
        tags = [child.tag for child in suite]
        cases = tags.count("testcase")
        assert tags == ["properties", *["testcase"] * cases, "system-out", "system-err"]
        assert all(set(each.attrib) == {"name", "value"} and each.get("name") for each in suite[0])
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"name", "classname", "time"}
            for name in ("name", "classname"):
                assert case.attrib[name] == " ".join(case.attrib[name].split()) != ""
            assert len(case) <= 1
            assert all(child.tag in ("error", "failure") and "type" in child.attrib for child in case)
