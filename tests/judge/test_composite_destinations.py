"""Verdicts on applications' messages to a composite destination that the sender's broker declares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.messages import Delivered
from lab.history import ConfigurationSaved, Ended, Header, Observation
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_applications import BEGAN, OBSERVED, event, left, sent, subscribed, taken

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
BILLS, COPIES = "queue://bills", "queue://copies"
TO_BOTH = '<queue physicalName="bills"/><queue physicalName="copies"/>'


def declared(forward_to: str = TO_BOTH, name: str = "orders", more: str = "") -> Header:
    """Return the header of a run whose sender's broker has a composite queue."""
    text = (
        '<broker xmlns="http://activemq.apache.org/schema/core"><destinationInterceptors><virtualDestinationInterceptor>'
        f'<virtualDestinations><compositeQueue name="{name}"{more}><forwardTo>{forward_to}</forwardTo></compositeQueue>'
        "</virtualDestinations></virtualDestinationInterceptor></destinationInterceptors></broker>"
    )
    topology = OBSERVED.declared["topology"]
    brokers: dict[str, Any] = {**topology["brokers"], "tokyo": {"region": "tokyo", "configuration": {"text": text}}}
    return replace(OBSERVED, declared={**OBSERVED.declared, "topology": {**topology, "brokers": brokers}})


def verdict(
    header: Header, *seen: Observation | Iterable[Observation], to: str = "billing", queue: str | None = "bills"
) -> Verdict:
    lines = [line for each in (BEGAN, *seen) for line in ([each] if isinstance(each, Observation) else each)]
    fields: dict[str, Any] = {"to": to, "promise": "exactly-once", "within": "5s"}
    expectation = Delivered.model_validate(fields if queue is None else {**fields, "queue": queue})
    (found,) = judge([expectation], Streamed(header, [*lines, Ended(t=30.0, complete=True)])).verdicts
    return found


def of(destination: str, *seen: Observation) -> list[Observation]:
    return [each.with_fields(destination=destination) for each in seen]


READERS = [*of(BILLS, subscribed(1)), *of(COPIES, subscribed(1, "c2", "archive"))]


def test_each_copy_is_expected_of_its_own_readers() -> None:
    lines = [*READERS, sent(2), *of(BILLS, *taken(2.1))]
    assert verdict(declared(), lines).outcome is PASSED
    missing = verdict(declared(), lines, to="archive", queue="copies")
    assert missing.outcome is FAILED and "1 of 1 did not reach archive" in missing.reason, missing.reason
    both = verdict(declared(), lines, *of(COPIES, *taken(2.2, consumer="c2")), to="archive", queue="copies")
    assert both.outcome is PASSED, both.reason


def test_the_place_of_a_copy_is_not_lost_when_the_other_copy_is_acknowledged() -> None:
    given = of(COPIES, event(2.05, "dispatched", consumer="c2"))
    lines = [*READERS, sent(2), *given, *of(BILLS, *taken(2.1)), left(25, "c2")]
    its = verdict(declared(), lines, to="archive", queue="copies")
    assert "; it waits at singapore on queue://copies" in its.reason, its.reason


@pytest.mark.parametrize("more", ["", ' forwardOnly="true"'])
def test_the_composite_destination_itself_has_no_copy(more: str) -> None:
    its = verdict(declared(more=more), subscribed(1), sent(2), queue="orders")
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("it is unknown which messages billing should receive from queue://orders"), its.reason


def test_the_composite_destination_has_a_copy_where_it_does_more_than_forward() -> None:
    lines = [subscribed(1), *of(BILLS, subscribed(1, "c2", "archive")), sent(2), *of(BILLS, *taken(2.1, consumer="c2"))]
    its = verdict(declared(more=' forwardOnly="false"'), lines, queue="orders")
    assert its.outcome is FAILED and "it waits at tokyo on queue://orders" in its.reason, its.reason


def test_two_copies_at_one_client_are_no_duplicates() -> None:
    header = declared('<queue physicalName="orders.bills"/><queue physicalName="orders.copies"/>', "orders.all")
    reader, bills, copies = "queue://orders.*", "queue://orders.bills", "queue://orders.copies"
    made = sent(2).with_fields(destination="queue://orders.all")
    lines = [*of(reader, subscribed(1)), made, *of(bills, *taken(2.1)), *of(copies, *taken(2.2))]
    its = verdict(header, lines, queue=None)
    assert its.outcome is UNKNOWN and "the copies have one id" in its.reason, its.reason


@pytest.mark.parametrize(
    "forward_to",
    [
        TO_BOTH.replace("queue", "topic", 1),
        f'<filteredDestination selector="n &gt; 1" queue="bills"/>{TO_BOTH}',
        '<queue physicalName="orders.>"/>',
    ],
)
def test_copies_that_depend_on_more_than_the_composite_are_unknown(forward_to: str) -> None:
    its = verdict(declared(forward_to), READERS, sent(2), *of(BILLS, *taken(2.1)))
    assert its.outcome is UNKNOWN, its.reason


def test_copies_are_unknown_after_another_configuration_was_saved() -> None:
    saved = ConfigurationSaved(t=1.5, configuration="tokyo", revision=2)
    its = verdict(declared(), READERS, saved, sent(2), *of(BILLS, *taken(2.1)))
    assert its.outcome is UNKNOWN and "by a configuration, messages go into other" in its.reason, its.reason
