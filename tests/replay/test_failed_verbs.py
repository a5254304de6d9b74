"""A note names a verb that did not do its work; expectations that depend on it are unknown, unless it should fail.

What a lab refuses is spoilt here: whatever the history then holds of messages, bridges and logs would have been enough.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.declare.steps.base import Part, Step
from lab.errors import BrokerError
from lab.history import BrokerChanged, ConnectorChanged, LinkChanged, StepEnded
from lab.judge.values import Outcome, Report
from lab.link.impairment import Impairment, LinkState
from tests.replay.test_preconditions import judged
from tests.replay.test_trouble import HEAD, RIGHTS, Played
from tests.spoilt_lab import SpoiltLab

JOINED = HEAD.replace("tokyo-singapore.yaml", "not-yet-joined.yaml")
LISTENS = "  - subscribe: {client: sg, broker: singapore, over: stomp, queue: q}\n"
SENDS = "  - {as: first, publish: {broker: tokyo, over: stomp, queue: q, count: 5}}\n"
AGAIN = "  - {as: second, publish: {broker: tokyo, over: stomp, queue: q, count: 5}}\n"
CONNECTOR = "connector_tokyo_to_singapore"


class RefusingLab(SpoiltLab):
    """A lab that does nothing to brokers, connectors and links."""

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        raise BrokerError("no hand reaches it")

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        raise BrokerError("no hand reaches it")

    def change_connector(self, broker: str, name: str, do: str) -> ConnectorChanged:
        raise BrokerError("no hand reaches it")

    def change_link(
        self,
        link: str,
        *,
        leaving: str | None = None,
        impairment: Impairment | None = None,
        state: LinkState | None = None,
    ) -> tuple[LinkChanged, ...]:
        raise BrokerError("no hand reaches it")


def ran(folder: Path, steps: str, *expectations: str, head: str = HEAD, kind: type[SpoiltLab] = RefusingLab) -> Report:
    expect = "expect:\n" + "".join(f"  - {expectation}\n" for expectation in expectations)
    played = Played(folder, steps + expect, head=head, kind=kind)
    played.play()
    return judged(played)


def verb(written: str, fails: bool) -> str:
    return f"  - {{{'fails: yes, ' if fails else ''}{written}}}\n"


KILL = "kill: {broker: tokyo}"
RESTS_ON_A_KILL = (
    "delivered: {to: sg, promise: exactly-once}",
    "delivered: {queue: q, promise: at-least-once}",
    "ordered: {to: sg}",
    "duplicates: {to: sg}",
    "latency: {to: sg, max: 5s}",
    "finished: {step: second, within: 10s}",
    "recovered: {to: sg, queue: q, after: kill, within: 10s}",
    f"bridge: {{connector: {CONNECTOR}, up: both-ends}}",
    f"bridge: {{connector: {CONNECTOR}, up: both-ends, after: kill, within: 2s}}",
    "demand: {broker: tokyo, queue: q, present: yes, after: kill, within: 2s}",
    "log: {broker: tokyo, matches: inactive, absent: yes, after: kill}",
    "network-page: {broker: tokyo, remote: singapore}",
    "counters: {broker: tokyo, queue: q, enqueued: 10}",
    "forwarded: {broker: tokyo, queue: q, count: 10}",
    "stuck: {broker: singapore, queue: q, count: 0}",
    "topics-page: {broker: tokyo, topic: none, listed: no}",
)


@pytest.mark.parametrize("fails", [False, True], ids=["asked for", "to fail"])
def test_what_happens_in_a_lab_rests_on_the_verbs_that_make_it_happen(tmp_path: Path, fails: bool) -> None:
    report = ran(tmp_path, LISTENS + SENDS + verb(KILL, fails) + AGAIN, *RESTS_ON_A_KILL)
    wrong = "step 3 (kill broker tokyo) was not done as asked: no hand reaches it"
    for verdict in report.verdicts:
        assert verdict.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), verdict
        told = verdict.reason.startswith(
            f"{wrong} (if that was expected, write fails: yes beside the verb); apart from that "
        )
        assert told is not fails, verdict
    note = "A step was not done as asked: step 3 (kill broker tokyo); no hand reaches it."
    assert (note in report.notes) is not fails, report.notes


@pytest.mark.parametrize(
    "written",
    [
        KILL,
        "pause: {broker: singapore}",
        f"connector: {{broker: tokyo, name: {CONNECTOR}, do: stop}}",
        "cut: {link: tokyo-singapore}",
        "impair: {link: tokyo-singapore, delay: 80ms}",
        "stop: {broker: singapore, within: 100ms}",  # it is killed
    ],
)
def test_messages_rest_on_every_verb_on_a_lab(tmp_path: Path, written: str) -> None:
    for fails in (False, True):
        report = ran(tmp_path, LISTENS + SENDS + verb(written, fails), "delivered: {to: sg, promise: at-least-once}")
        assert report.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), report.verdicts


def test_a_start_that_came_late_leaves_what_counts_from_it_unknown(tmp_path: Path) -> None:
    expectation = "log: {broker: tokyo, matches: broker-started, after: start}"
    for fails in (False, True):
        steps = "  - stop: {broker: tokyo}\n" + verb("start: {broker: tokyo, within: 1s}", fails) + "  - wait: 10s\n"
        (verdict,) = ran(tmp_path, steps, expectation, kind=SpoiltLab).verdicts
        assert verdict.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), verdict
        assert fails or "it had not started within 1 s" in verdict.reason


REFUSED = """  - together:
      - reboot: {broker: tokyo}
      - {at: 1s, %supdate-broker: {broker: tokyo, revision: 1}}
"""
OF_RECORDS = (
    "configuration: {broker: tokyo, current: 1, pending: none, after: update-broker}",
    "broker-state: {broker: tokyo, state: REBOOT_IN_PROGRESS, after: update-broker}",
    "broker-state: {broker: tokyo, state: RUNNING}",
)


@pytest.mark.parametrize("fails", [False, True], ids=["asked for", "to fail"])
def test_records_rest_on_what_the_service_refused(tmp_path: Path, fails: bool) -> None:
    steps = REFUSED % ("fails: yes, " if fails else "")
    report = ran(tmp_path, steps, *OF_RECORDS, head=JOINED, kind=SpoiltLab)
    for verdict in report.verdicts:
        assert verdict.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), verdict
        assert (
            "step 1.2 (update broker tokyo: its configuration, revision 1) was not done" in verdict.reason
        ) is not fails


def test_a_window_whose_reboot_had_to_kill_is_a_precondition(tmp_path: Path) -> None:
    steps = "".join(
        f"  - {each}\n"
        for each in (
            "create-user: {broker: tokyo, user: more, password: MQ-lab-2019-more}",
            "pause: {broker: tokyo}",
            "move-clock: {before: tokyo, by: 2s}",
            "wait: 2m",
        )
    )
    expectation = "users: {broker: tokyo, user: more, pending: none}"
    report = ran(tmp_path, steps, expectation, kind=SpoiltLab)
    (verdict,) = report.verdicts
    assert verdict.outcome is Outcome.UNKNOWN, verdict
    assert "tokyo's maintenance window, until" in verdict.reason and "was killed" in verdict.reason
    assert any(note.startswith("A maintenance window was not done as asked: tokyo's") for note in report.notes)
    whole = steps.replace("  - pause: {broker: tokyo}\n", "")
    assert ran(tmp_path, whole, expectation, kind=SpoiltLab).outcome is Outcome.PASSED


def test_a_window_whose_reboot_failed_counts_from_its_opening(tmp_path: Path) -> None:
    steps = "".join(
        f"  - {each}\n"
        for each in (
            "create-user: {broker: tokyo, user: more, password: MQ-lab-2019-more}",
            "pause: {broker: tokyo}",
            "snapshot: before",
            "move-clock: {before: tokyo, by: 2s}",
            "together: [{wait: 2m}, {at: 10s, snapshot: during}]",
        )
    )
    expectations = [
        f"counters: {{broker: singapore, queue: q, enqueued: 0, between: [start, {end}]}}"
        for end in ("before", "during")
    ]
    report = ran(tmp_path, steps, *expectations, kind=SpoiltLab)
    assert [each.outcome for each in report.verdicts] == [Outcome.PASSED, Outcome.UNKNOWN], report.verdicts
    assert "tokyo's maintenance window, until" in report.verdicts[1].reason


def test_a_record_does_not_rest_on_a_kill_and_is_known(tmp_path: Path) -> None:
    report = ran(tmp_path, verb(KILL, fails=False), "broker-state: {broker: tokyo, state: RUNNING}")
    assert report.outcome is Outcome.PASSED and len(report.notes) == 1, report


def test_a_verb_that_was_to_fail_and_went_well_is_no_precondition_either(tmp_path: Path) -> None:
    steps = LISTENS + SENDS + verb("impair: {link: tokyo-singapore, delay: 80ms}", fails=True)
    report = ran(tmp_path, steps, "delivered: {to: sg, promise: exactly-once}", kind=SpoiltLab)
    (verdict,) = report.verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert "went well, and was to fail (if that was expected, remove fails: yes)" in verdict.reason
    assert any(note.startswith("A step went well that was to fail: step 3") for note in report.notes)


def test_what_was_decided_before_a_verb_does_not_rest_on_it(tmp_path: Path) -> None:
    steps = LISTENS + SENDS + "  - wait: {until: received, client: sg, count: 5}\n  - snapshot: then\n"
    expectations = (
        "counters: {broker: tokyo, queue: q, enqueued: 5, between: [start, then]}",
        "delivered: {to: sg, promise: at-least-once}",
        "delivered: {to: sg, promise: exactly-once}",
    )
    report = ran(tmp_path, steps + verb(KILL, fails=False), *expectations)
    assert [each.outcome for each in report.verdicts] == [Outcome.PASSED, Outcome.PASSED, Outcome.UNKNOWN]


def test_what_is_broken_stays_broken(tmp_path: Path) -> None:
    steps = LISTENS + SENDS + verb(KILL, fails=False)
    report = ran(
        tmp_path, steps, "delivered: {to: sg, promise: nothing}", "counters: {broker: tokyo, queue: q, enqueued: 9}"
    )
    assert [each.outcome for each in report.verdicts] == [Outcome.FAILED, Outcome.FAILED]


def test_a_step_that_looks_is_a_note_and_a_precondition_of_nothing(tmp_path: Path) -> None:
    connect = "connect: {client: x, broker: tokyo, over: stomp, user: stranger}"
    steps = LISTENS + SENDS + "  - wait: {until: received, client: sg, count: 9, within: 1s}\n"
    for fails in (False, True):
        report = ran(tmp_path, steps + verb(connect, fails), "delivered: {to: sg, promise: exactly-once}")
        assert report.outcome is Outcome.PASSED
        kinds = [note.partition(":")[0] for note in report.notes]
        assert kinds == ["A wait was in vain", *([] if fails else ["A step was not done as asked"])], report.notes


@pytest.mark.parametrize("fails", [False, True], ids=["asked for", "to fail"])
def test_whatever_a_step_is_it_is_a_precondition_of_what_counts_from_it(tmp_path: Path, fails: bool) -> None:
    steps = LISTENS + verb("wait: {until: received, client: sg, count: 9, within: 1s}", fails)
    (verdict,) = ran(tmp_path, steps, "broker-state: {broker: tokyo, state: RUNNING, after: wait}").verdicts
    assert verdict.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), verdict
    assert fails or verdict.reason.startswith("step 2 (wait until sg has received 9, within 1s) was not done as asked")


@pytest.mark.parametrize("fails", [False, True], ids=["asked for", "to fail"])
@pytest.mark.parametrize(
    ("expectation", "absent"),
    [
        ("delivered: {to: ear, promise: nothing, within: 2s}", True),
        ("delivered: {to: sg, promise: exactly-once}", False),
        ("demand: {broker: tokyo, queue: r, present: no}", True),
        ("demand: {broker: tokyo, queue: q, present: yes}", False),
        ("log: {broker: tokyo, matches: inactive, absent: yes}", True),
        ("stuck: {broker: singapore, queue: q, count: 0}", True),
        ("counters: {broker: tokyo, queue: q, enqueued: {at-most: 9}}", True),
        ("counters: {broker: tokyo, queue: q, enqueued: 5}", False),
        ("counters: {broker: tokyo, queue: q, enqueued: 5, expired: 0}", True),
        ("forwarded: {broker: tokyo, queue: q, count: {at-most: 9}}", True),
        ("topics-page: {broker: tokyo, topic: none, listed: no}", True),
        ("users: {broker: tokyo, user: bridge, pending: no-such-user}", False),
    ],
)
def test_what_does_not_happen_rests_on_what_was_awaited(
    tmp_path: Path, expectation: str, absent: bool, fails: bool
) -> None:
    ear = "  - subscribe: {client: ear, broker: singapore, over: stomp, topic: t}\n"
    unheard = "  - cut: {link: tokyo-singapore}\n  - publish: {broker: tokyo, over: stomp, topic: t}\n"
    waits = verb("wait: {until: received, client: sg, count: 9, within: 1s}", fails)
    report = ran(tmp_path, LISTENS + SENDS + ear + waits + unheard, expectation, kind=SpoiltLab)
    (verdict,) = report.verdicts
    assert verdict.outcome is (Outcome.UNKNOWN if absent and not fails else Outcome.PASSED), verdict


def test_one_who_knows_no_password_is_to_be_turned_away(tmp_path: Path) -> None:
    steps = "  - connect: {client: x, broker: tokyo, over: stomp, password: wrong}\n"
    played = Played(tmp_path, steps)
    played.play()
    (ended,) = played.seen(StepEnded)
    assert (ended.ok, ended.fails) == (False, True)
    assert judged(played).notes == ("The scenario expects nothing, so nothing was judged.",)


@pytest.mark.parametrize(
    ("refused", "expectation", "outcome"),
    [
        ("queue: forbidden", "delivered: {queue: orders, promise: exactly-once}", Outcome.PASSED),
        ("queue: forbidden", "delivered: {to: a, promise: exactly-once}", Outcome.PASSED),
        ("queue: forbidden", "delivered: {promise: exactly-once}", Outcome.UNKNOWN),
        ("queue: forbidden", "log: {broker: tokyo, matches: inactive, absent: yes}", Outcome.UNKNOWN),
        ("queue: orders, user: stranger", "delivered: {queue: orders, promise: exactly-once}", Outcome.UNKNOWN),
        ("queue: orders, user: stranger", "delivered: {to: a, promise: exactly-once}", Outcome.UNKNOWN),
        ("queue: orders, user: stranger", "counters: {broker: tokyo, queue: orders, consumers: 1}", Outcome.UNKNOWN),
    ],
)
def test_a_refused_subscription_concerns_its_client_and_its_queue(
    tmp_path: Path, refused: str, expectation: str, outcome: Outcome
) -> None:
    listens = "  - subscribe: {client: a, broker: tokyo, over: stomp, queue: orders}\n"
    sends = "  - publish: {broker: tokyo, over: stomp, queue: orders, count: 3}\n"
    for fails in (False, True):
        other = verb(f"subscribe: {{client: b, broker: tokyo, over: stomp, {refused}}}", fails)
        report = ran(tmp_path, listens + other + sends, expectation, head=RIGHTS, kind=SpoiltLab)
        assert report.outcome is (Outcome.PASSED if fails else outcome), report.verdicts


@pytest.mark.parametrize("leaves", ["disconnect", "unsubscribe"])
def test_a_client_that_had_gone_already_concerns_what_it_listened_to(tmp_path: Path, leaves: str) -> None:
    """A broker's restart takes the connection: a client can end no subscription, and to disconnect there is no need."""
    other = "  - subscribe: {client: other, broker: tokyo, over: stomp, topic: t}\n"
    restart = "  - kill: {broker: singapore}\n  - start: {broker: singapore}\n"
    steps = LISTENS + other + SENDS + "  - wait: {until: received, client: sg, count: 5}\n" + restart
    steps += f"  - {leaves}: {{client: sg}}\n  - publish: {{broker: tokyo, over: stomp, topic: t, count: 3}}\n"
    unrelated = ("delivered: {to: other, promise: exactly-once}", "counters: {broker: tokyo, topic: t, enqueued: 3}")
    related = ("duplicates: {to: sg, quiet: 0s}", "counters: {broker: tokyo, queue: q, enqueued: 5}")
    report = ran(tmp_path, steps, *unrelated, *related, kind=SpoiltLab)
    of_sg = Outcome.PASSED if leaves == "disconnect" else Outcome.UNKNOWN
    assert [each.outcome for each in report.verdicts[:2]] == [Outcome.PASSED] * 2, report.verdicts
    assert [each.outcome for each in report.verdicts[2:]] == [of_sg] * 2, report.verdicts


@pytest.mark.parametrize(
    ("user", "outcome"), [("", Outcome.PASSED), (", user: stranger", Outcome.UNKNOWN)], ids=["sent", "refused"]
)
@pytest.mark.parametrize(
    "expectation",
    [
        "stuck: {broker: singapore, queue: ActiveMQ.DLQ, count: 0}",
        "counters: {broker: tokyo, queue: ActiveMQ.DLQ, enqueued: 0}",
        "delivered: {to: dead, promise: nothing, within: 2s}",
        "delivered: {queue: ActiveMQ.DLQ, promise: nothing, within: 2s}",
        "log: {broker: tokyo, matches: inactive, absent: yes}",
    ],
)
def test_what_was_not_sent_is_no_dead_letter_and_causes_no_line(
    tmp_path: Path, expectation: str, user: str, outcome: Outcome
) -> None:
    dead = "  - subscribe: {client: dead, broker: singapore, over: stomp, queue: ActiveMQ.DLQ}\n"
    publish = f"  - publish: {{broker: tokyo, over: stomp, queue: q, count: 5{user}}}\n"
    report = ran(tmp_path, LISTENS + dead + SENDS + publish, expectation, kind=SpoiltLab)
    assert report.outcome is outcome, report.verdicts
    assert ("step 4 (publish" in report.verdicts[0].reason) is (outcome is Outcome.UNKNOWN)


def test_a_line_that_was_to_come_until_then_rests_on_what_was_sent_until_then(tmp_path: Path) -> None:
    expectation = "log: {broker: tokyo, matches: inactive, absent: yes, after: impair, within: 5s}"
    steps = LISTENS + "  - impair: {link: tokyo-singapore, delay: 80ms}\n  - wait: 6s\n"
    steps += "  - publish: {broker: tokyo, over: stomp, queue: q, user: stranger}\n"
    assert ran(tmp_path, steps, expectation, kind=SpoiltLab).outcome is Outcome.PASSED


def test_a_line_that_came_shows_that_enough_was_sent(tmp_path: Path) -> None:
    steps = LISTENS + "  - stop: {broker: tokyo}\n  - start: {broker: tokyo}\n"
    steps += "  - publish: {broker: tokyo, over: stomp, queue: q, user: stranger}\n"
    expectation = "log: {broker: tokyo, matches: broker-started, after: start}"
    assert ran(tmp_path, steps, expectation, kind=SpoiltLab).outcome is Outcome.PASSED


@pytest.mark.parametrize("fails", [False, True], ids=["asked for", "to fail"])
def test_what_counts_from_steps_together_rests_on_each_of_them(tmp_path: Path, fails: bool) -> None:
    inner = verb(KILL, fails).replace("  - ", "      - ") + "      - wait: 1s\n"
    steps = "  - as: both\n    together:\n" + inner
    (verdict,) = ran(tmp_path, steps, "broker-state: {broker: tokyo, state: RUNNING, after: both}").verdicts
    assert verdict.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), verdict
    assert verdict.reason.startswith("step 1.1 (kill broker tokyo) was not done as asked") is not fails


def test_all_that_fails_in_a_together_is_told_once(tmp_path: Path) -> None:
    steps = f"  - together:\n      - {KILL}\n      - pause: {{broker: singapore}}\n"
    report = ran(tmp_path, steps, f"bridge: {{connector: {CONNECTOR}, up: both-ends}}")
    assert len([note for note in report.notes if "was not done" in note]) == 2
    (verdict,) = report.verdicts
    assert verdict.reason.count("was not done as asked") == 2


def test_a_kind_that_says_nothing_concerns_everything() -> None:
    assert Step.changes is Part.ALL
