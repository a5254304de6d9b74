"""What scenarios and their failing variants show beyond their verdicts: figures, reasons, what was seen meanwhile.

`make scenarios` runs those that ship with real brokers, and `make contract` compares what came of it with models.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.base.shipped import shipped
from lab.history import Approached, Attempted, ClientChanged, History, LogLine, PolicyApplied, read
from tests.command import Commands
from tests.integration.test_crossing import EVERY
from tests.integration.test_terms import BECAME, SHARES, TAKING, what_became_of_them
from tests.integration.test_turned_away import TURNED_AWAY, WAYS

Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ran:
    """A run, as its folder tells of it."""

    folder: Path
    report: Report

    @property
    def history(self) -> History:
        return read(self.folder / "history.jsonl")

    def reasons(self, outcome: str) -> str:
        return "\n".join(each["reason"] for each in self.report["verdicts"] if each["outcome"] == outcome)

    def delivered(self, *keys: str) -> dict[str, list[int]]:
        return {each["subscriber"]: [each[key] for key in keys] for each in self.report["deliveries"]}


def simulated(scenario: str | Path, folder: Path) -> Ran:
    ran = labs.run(scenario, runtime="simulation", runs=folder / "runs", environment={})
    return Ran(ran.folder.path, json.loads(ran.folder.report.read_text()))


COUNTED = ("expected", "received", "lost", "duplicated")


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("silent-partition", {"warehouse": [40, 40, 0, 0]}),
        ("durable-reboot", {"ledger": [90, 90, 0, 0]}),
        ("mqtt-session", {"phone": [15, 15, 0, 0]}),
        ("mqtt-session-fails", {"phone": [5, 5, 0, 0]}),  # what is sent to nobody is expected by no client
        ("cut-and-heal", {"warehouse": [60, 60, 0, 0]}),
        ("mqtt-stomp-amqp", {"office": [20, 20, 0, 0], "archive": [20, 20, 0, 0], "display": [5, 5, 0, 0]}),
    ],
)
def test_each_gets_what_it_is_expected(name: str, counted: dict[str, list[int]], tmp_path: Path) -> None:
    ran = simulated(name, tmp_path)
    assert ran.delivered(*COUNTED) == counted
    assert not any(each["unexpected"] for each in ran.report["deliveries"])


def test_a_silent_partition_is_noticed_by_who_hears_nothing(tmp_path: Path) -> None:
    lines = [each for each in simulated("silent-partition", tmp_path).history.observations if isinstance(each, LogLine)]
    assert [line for line in lines if line.name == "inactive" and line.t > 30], "at least one end says why"


def test_a_short_partition_costs_no_message(tmp_path: Path) -> None:
    found = simulated("silent-partition-fails", tmp_path).report["verdicts"]
    assert {each["outcome"] for each in found if "delivered" in each["expectation"]} == {"passed"}


def test_what_is_sent_into_a_cut_that_never_heals_waits_at_its_broker(tmp_path: Path) -> None:
    ran = simulated("cut-and-heal-fails", tmp_path)
    (received, lost) = ran.delivered("received", "lost")["warehouse"]
    assert (received <= 20, lost) == (True, 0), "20 were sent before"
    assert f"{60 - received} wait on tokyo" in ran.reasons("failed")


def test_a_closed_group_is_silent_until_it_is_opened(tmp_path: Path) -> None:
    seen = simulated("closed-security-group", tmp_path).history.observations
    tried = [each for each in seen if isinstance(each, Attempted)]
    assert [(each.answer, each.allowed) for each in tried] == [("silent", False), ("open", True)]
    assert sum(tried[0].dropped.values()) >= 1, "what is dropped is counted while it is tried"
    named = {each.name for each in seen if isinstance(each, LogLine)}
    assert "connection-timed-out" in named and "connection-refused" not in named
    (applied,) = (each for each in seen if isinstance(each, PolicyApplied))
    assert applied.changed == {"tokyo to singapore": "tcp 61617 is let in"}


def test_a_missing_way_back_is_named_with_what_was_dropped(tmp_path: Path) -> None:
    (note,) = (note for note in simulated("missing-return-route", tmp_path).report["notes"] if "dropped" in note)
    assert "from singapore to tokyo: no route to 10.1.0.10 in the route table rtb-singapore" in note


def test_a_durable_subscriber_is_refused_while_its_broker_is_away(tmp_path: Path) -> None:
    seen = simulated("durable-reboot", tmp_path).history.observations
    states = [each.state for each in seen if isinstance(each, ClientChanged)]
    assert (states[0], states[-1]) == ("lost", "returned")
    assert set(states[1:-1]) == {"refused"}, "each try in vain is told"


def test_who_keeps_no_subscription_loses_what_was_sent_during_the_reboot(tmp_path: Path) -> None:
    spoilt = simulated("durable-reboot-fails", tmp_path)
    assert spoilt.delivered("lost")["ledger"] > [0]
    assert "while ledger had lost its connection" in spoilt.reasons("failed")
    assert "after singapore was stopped" in spoilt.reasons("failed")


def test_what_is_retained_crosses_with_the_first_demand_only(tmp_path: Path) -> None:
    assert simulated("retained", tmp_path / "whole").delivered(*COUNTED)["second"] == [1, 0, 0, 0]
    assert simulated("retained-fails", tmp_path / "spoilt").delivered(*COUNTED)["second"] == [1, 1, 0, 0]


def test_what_a_bridge_keeps_depends_on_the_session_and_not_on_the_qos(tmp_path: Path) -> None:
    assert simulated("qos", tmp_path / "whole").delivered("received") == {"zero": [20], "one": [40], "two": [40]}
    assert simulated("qos-fails", tmp_path / "spoilt").delivered("expected", "received", "lost")["two"] == [40, 20, 20]


def test_a_window_is_full_before_its_first_answer_is_there(tmp_path: Path) -> None:
    ran = simulated("small-window", tmp_path)
    assert not [note for note in ran.report["notes"] if "disagree" in note], "clients and brokers say the same"
    held = ran.reasons("passed")
    assert "queue://orders on tokyo, between before and end: enqueued 200, dequeued 200, forwarded 200" in held
    assert "dispatched 10, forwarded 0" in held


def test_stuck_messages_come_back_where_the_policy_lets_them(tmp_path: Path) -> None:
    whole = simulated("stuck-messages", tmp_path / "whole")
    assert not [note for note in whole.report["notes"] if "disagree" in note], "clients and brokers say the same"
    held = whole.reasons("passed")
    assert "100 messages of queue://orders left on singapore without a consumer" in held
    broken = simulated("stuck-messages-fails", tmp_path / "spoilt").reasons("failed")
    assert "accepted and received by no client: 100 (first 3-1" in broken


def test_a_pending_revision_changes_nothing_until_the_reboot(tmp_path: Path) -> None:
    whole = simulated("revision-pending", tmp_path / "whole")
    assert "early heard nothing of 10 messages sent" in whole.reasons("passed")
    assert "tokyo has tokyo-configuration revision 2, nothing pending after reboot" in whole.reasons("passed")
    broken = simulated("revision-pending-fails", tmp_path / "spoilt").reasons("failed")
    assert "up nowhere when the time was over" in broken


def test_a_user_of_a_broker_that_was_not_rebooted_is_refused(tmp_path: Path) -> None:
    held = simulated("user-not-rebooted", tmp_path).reasons("passed")
    assert "User name [bridge] or password is invalid" in held
    assert "the user bridge of singapore has nothing pending after reboot" in held


def test_the_first_leg_of_a_crossing_is_as_it_was_where_nothing_comes_back(tmp_path: Path) -> None:
    assert "20 of 20 reached archive, each once" in simulated("mqtt-stomp-amqp", tmp_path / "whole").reasons("passed")
    spoilt = simulated("mqtt-stomp-amqp-fails", tmp_path / "spoilt")
    assert "20 of 20 reached office, each once" in spoilt.reasons("passed")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("hub-and-spokes-fails", "advice: virginia-topics does not carry topic messages"),
        ("hub-and-spokes-fails", "advice: frankfurt-topics does not carry topic messages"),
        (
            "failover-fails",
            "names only instance 1 of singapore, so there is no bridge once singapore fails over",
        ),
    ],
)
def test_a_run_advises_against_what_will_break_it(name: str, advice: str, tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("run", name, "--runtime", "simulation")
    assert (ended.code, advice in ended.err) == (1, True), ended


def test_what_is_taken_given_back_and_over_is_counted_apart(tmp_path: Path) -> None:
    assert what_became_of_them(simulated(TAKING, tmp_path).report) == (BECAME, SHARES)


def test_who_never_takes_what_was_given_back_is_asked_after_in_vain(tmp_path: Path) -> None:
    text = TAKING.read_text().replace("../../../scenarios", str(shipped("scenarios")))
    kept = "\n".join(line for line in text.splitlines() if "client: other" not in line)
    (tmp_path / "spoilt.yaml").write_text(kept.replace("within: 60s", "within: 10s"))
    shutil.copy(TAKING.with_suffix(".body"), tmp_path)
    assert "5 of 10 had not been acknowledged by worker when worker stops listening" in simulated(
        tmp_path / "spoilt.yaml", tmp_path
    ).reasons("unknown")


def without_their_causes(text: str) -> str:
    """Let them know the password, trust the lab, have the rights, and leave the broker alone."""
    kept = [line for line in text.splitlines() if "- pause:" not in line and "- resume:" not in line]
    lines = "\n".join(line for line in kept if "- kill:" not in line)
    for before, after in (
        ("user: clerk, password: wrong", "user: clerk"),
        ("tls: untrusted", "tls: verified"),
        ("tls: wrong-name", "tls: verified"),
        ("user: guest", "user: clerk"),
        ("topology: ", f"topology: {TURNED_AWAY.parent}/"),
    ):
        assert before in lines
        lines = lines.replace(before, after)
    return lines


def test_no_way_of_being_turned_away_is_seen_without_its_cause(tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(without_their_causes(TURNED_AWAY.read_text()))
    ran = simulated(spoilt, tmp_path)
    outcomes = {each["expectation"]: each["outcome"] for each in ran.report["verdicts"]}
    tried = [each for each in ran.history.observations if isinstance(each, Approached)]
    connecting = {*WAYS} - {"curious"}  # who subscribes without a complaint is told of in no attempt
    assert {each.client for each in tried} >= {f"{who}-{over}" for who in connecting for over in EVERY}
    expected = {expectation: "passed" if "client: stranger-" in expectation else "failed" for expectation in outcomes}
    assert outcomes == expected, [f"{each.client}: {each.outcome}: {each.note}" for each in tried]
