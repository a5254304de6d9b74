"""What is sent to a composite name or a virtual topic is compared with what came from the destination meant, alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Discarded, Forwarded, Stuck
from lab.history import Counted, DestinationSeen, Ended, Header, Observation, Sent, SnapshotTaken
from lab.judge import Streamed, judge
from lab.judge.not_delivered import NotDelivered
from lab.judge.values import Outcome, Report

from .test_fates import BROKERS, came, listens, published
from .test_truth import HEADER

QUEUE_BEHIND, VIRTUAL = "queue://Consumer.A.VirtualTopic.o", "topic://VirtualTopic.o"
BOTH = "topic://pa,pb"
COMPOSITE = (
    "<virtualDestinations><compositeQueue name='fan'><forwardTo><topic physicalName='pa'/></forwardTo>"
    "</compositeQueue></virtualDestinations>"
)
OWN_TOPICS = "<virtualDestinations><virtualTopic name='&gt;' prefix='VTC.*.'/></virtualDestinations>"


def counts(destination: str, **of: dict[str, int]) -> list[Observation]:
    """Return each broker's counters of a destination: nothing at the start, and `of` it at the end."""
    none = {"enqueued": 0, "forwarded": 0, "discarded": 0, "queued": 0, "consumers": 0, "network-consumers": 0}
    seen: list[Observation] = []
    for t, name in ((0.0, "start"), (50.0, "end")):
        for broker in BROKERS:
            its = {**none, **(of.get(broker, {}) if name == "end" else {})}
            seen += [
                Counted(t=t, snapshot=name, broker=broker, of="destination", name=destination, counters=its),
                SnapshotTaken(t=t, snapshot=name, broker=broker),
            ]
    return seen


def report(expectation: Expectation, *seen: Observation, configuration: str = "") -> Report:
    header: Header = HEADER
    if configuration:
        text = f"<broker xmlns='http://activemq.apache.org/schema/core'>{configuration}</broker>"
        tokyo = {**BROKERS["tokyo"], "configuration": {"text": text}}
        header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": {**BROKERS, "tokyo": tokyo}}})
    its = sorted([*seen, Ended(t=60, complete=True)], key=lambda each: each.t)
    return judge((expectation,), Streamed(header, its))


def discarded(count: int) -> Discarded:
    return Discarded.model_validate({"broker": "tokyo", "topic": "pa", "count": str(count), "explains-loss": True})


@pytest.mark.parametrize("to", [BOTH, "topic://pa"])
@pytest.mark.parametrize(("by", "outcome"), [(0, Outcome.FAILED), (1, Outcome.FAILED), (2, Outcome.PASSED)])
def test_discards_of_a_part_explain_the_losses_of_the_whole_and_no_others(to: str, by: int, outcome: Outcome) -> None:
    story = [listens(to="topic://pa"), *published(3, to), *came("2-1", to="topic://pa")]
    (its,) = report(discarded(by), *story, *counts("topic://pa", tokyo={"discarded": by})).verdicts
    assert its.outcome is outcome, its.reason
    assert "not received at other brokers: 2 (first 2-2" in its.reason


def test_a_subscriber_of_another_part_misses_nothing_of_this_one() -> None:
    story = [listens(to="topic://pb"), *published(3, BOTH)]
    (its,) = report(discarded(0), *story, *counts("topic://pa")).verdicts
    assert (its.outcome, its.reason.endswith("not received at other brokers: none")) == (Outcome.PASSED, True)


def test_equal_bodies_of_the_whole_tell_no_number() -> None:
    story = [listens(to="topic://pa"), *published(2, BOTH, body="given")]
    story = [each.with_fields(digest="00000000000000aa") if isinstance(each, Sent) else each for each in story]
    story.append(came("2-1", to="topic://pa")[0].with_fields(id=None, digest="00000000000000aa"))
    (its,) = report(discarded(0), *story, *counts("topic://pa")).verdicts
    assert (its.outcome, "some have equal bodies" in its.reason) == (Outcome.UNKNOWN, True), its.reason


def test_what_a_configuration_brings_into_a_topic_nobody_misses_by_name() -> None:
    story = [listens(to="topic://pa"), *published(3, "queue://fan")]
    (its,) = report(discarded(0), *story, *counts("topic://pa"), configuration=COMPOSITE).verdicts
    assert (its.outcome, "by a configuration" in its.reason) == (Outcome.UNKNOWN, True)


def forwarded(count: int, **of: str) -> Forwarded:
    return Forwarded.model_validate({"broker": "tokyo", "count": str(count), **of})


@pytest.mark.parametrize(
    ("expectation", "heard", "to", "received"),
    [
        (forwarded(2, queue="qa"), "queue://qa", "queue://qa,qb", 2),
        (forwarded(2, queue=QUEUE_BEHIND.removeprefix("queue://")), QUEUE_BEHIND, VIRTUAL, 2),
        (forwarded(0, topic="VirtualTopic.o"), QUEUE_BEHIND, VIRTUAL, 0),
    ],
)
def test_client_and_broker_counts_agree_on_what_came_from_a_part_or_a_queue_behind_a_topic(
    expectation: Forwarded, heard: str, to: str, received: int
) -> None:
    number = 2 if received else 0
    meant = heard if received else to
    its = {"tokyo": {"enqueued": number, "forwarded": number}, "singapore": {"enqueued": number}}
    story = [listens(to=heard), *published(2, to), *came("2-1", "2-2", to=heard)]
    (verdict,) = report(expectation, *story, *counts(meant, **its)).verdicts
    assert verdict.outcome is Outcome.PASSED
    assert verdict.reason.endswith(f"; subscribers of other brokers received {received}"), verdict.reason


@pytest.mark.parametrize(
    ("destination", "heard", "configuration"),
    [("topic://pa", "topic://pa", COMPOSITE), ("queue://VTC.a.o", "queue://VTC.a.o", OWN_TOPICS)],
)
def test_client_and_broker_counts_do_not_disagree_where_a_configuration_decides_what_goes_where(
    destination: str, heard: str, configuration: str
) -> None:
    kind, _, name = destination.partition("://")
    its = {"tokyo": {"enqueued": 2, "forwarded": 2}, "singapore": {"enqueued": 2}}
    story = [listens(to=heard), *published(2, "queue://fan"), *came("2-1", "2-2", to=heard)]
    found = report(
        forwarded(2, **{kind: name}), *story, *counts(destination, **its), *seen("queue://fan"),
        configuration=configuration,
    )  # fmt: skip
    assert "other brokers received: by a configuration" in found.verdicts[0].reason
    assert not any("queue://fan" in note for note in found.notes) or configuration is OWN_TOPICS


def seen(destination: str) -> list[DestinationSeen]:
    return [
        DestinationSeen(
            t=49, broker=broker, destination=destination, enqueued=0, dequeued=0, forwarded=0, queued=0, consumers=0
        )
        for broker in BROKERS
    ]


def test_a_queue_behind_a_topic_that_was_forwarded_too_has_messages_from_there() -> None:
    its = {"tokyo": {"enqueued": 2}, "singapore": {"enqueued": 2}}
    topic = [each.with_fields(enqueued=2, forwarded=2) for each in seen(VIRTUAL)]
    story = [listens(to=QUEUE_BEHIND), *published(2, VIRTUAL), *came("2-1", "2-2", to=QUEUE_BEHIND)]
    queue = QUEUE_BEHIND.removeprefix("queue://")
    (verdict,) = report(forwarded(0, queue=queue), *story, *counts(QUEUE_BEHIND, **its), *topic).verdicts
    assert "disagree" not in verdict.reason and "went into the queues behind it there too" in verdict.reason


def test_whose_copies_are_alike_tells_no_number() -> None:
    its = {"tokyo": {"enqueued": 3, "forwarded": 1, "queued": 2}, "singapore": {"enqueued": 1}}
    story = [listens(to="queue://>"), *published(3, "queue://qa,qb"), *came("2-1", "2-2", "2-3", to="queue://>")]
    for expectation in (
        forwarded(1, queue="qa"),
        Stuck.model_validate({"broker": "tokyo", "queue": "qa", "count": "2"}),
    ):
        (verdict,) = report(expectation, *story, *counts("queue://qa", **its)).verdicts
        assert "a client hears several parts of queue://qa,qb, whose copies are alike" in verdict.reason
        assert "disagree" not in verdict.reason


def test_what_nobody_took_from_a_part_is_not_what_somebody_took_from_another_one() -> None:
    story = [listens(to="queue://qa"), *published(3, "queue://qa,qb"), *came("2-1", "2-2", "2-3", to="queue://qa")]
    its = {"tokyo": {"queued": 3, "enqueued": 3}}
    stuck = Stuck.model_validate({"broker": "tokyo", "queue": "qb", "count": "3"})
    (verdict,) = report(stuck, *story, *counts("queue://qb", **its)).verdicts
    assert "accepted and received by no client: 3 (first 2-1" in verdict.reason and "disagree" not in verdict.reason


def test_of_three_brokers_the_number_is_of_what_was_sent_to_the_first() -> None:
    its = {"tokyo": {"enqueued": 2, "forwarded": 2}, "singapore": {"enqueued": 2}}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": {**BROKERS, "dublin": {}}}})
    story = sorted([listens(to="topic://pa"), *counts("topic://pa", **its), Ended(t=60, complete=True)], key=at)
    (verdict,) = judge((forwarded(2, topic="pa"),), Streamed(header, story)).verdicts
    assert "; of the messages sent to tokyo, subscribers of other brokers received 0" in verdict.reason


def at(each: Observation) -> float:
    return each.t


def test_discards_of_one_part_are_not_told_of_the_messages_of_two_publications() -> None:
    story = [listens(to="topic://pa"), *published(3, BOTH), *published(3, "topic://pa", step=3, t=2)]
    story += [*came("2-1", to="topic://pa"), *[each.with_fields(t=2.5) for each in came("3-1", to="topic://pa")]]
    counters = [each.with_fields(discarded=2) if each.broker == "tokyo" else each for each in seen("topic://pa")]
    other = seen("topic://pb")
    found = report(discarded(2), *story, *counters, *other, *counts("topic://pa", tokyo={"discarded": 2}))
    assert found.deliveries[0].not_delivered == NotDelivered(unknown=4)
