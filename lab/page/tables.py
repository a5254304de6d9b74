"""A poll of a lab → the tables of the page: every row with its figures, its age, and the acts that it offers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field
from typing import Any

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.dataclass import dataclass
from lab.link.impairment import LinkState
from lab.living.polls import Look, Rates, rate
from lab.network.link import impairment_text
from lab.page.acts import Offer
from lab.page.parts import answers, bridge_state, broker_state, instances
from lab.plan.values import BrokerPlan
from lab.runtime.status import BridgeStatus, BrokerStatus, DirectionNow

MOST_QUEUES = 100
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table; `age` is the seconds since its figures were read, None if they never were."""

    key: str
    cells: tuple[str, ...]
    tone: str = "well"  # well | worse | down | unknown | plain
    age: float | None = 0.0
    offers: tuple[Offer, ...] = ()
    delay: tuple[str, float] | None = None  # a link whose delay can be set, and the milliseconds that it has

    def to_dict(self, run: str, *, read_only: bool) -> dict[str, Any]:
        """Return the row as the page's script reads it, without its acts if it is only to be read."""
        return {
            "key": self.key,
            "cells": list(self.cells),
            "tone": self.tone,
            "age": None if self.age is None else round(self.age, 1),
            "acts": [] if read_only else [offer.to_dict(run) for offer in self.offers],
            "delay": None if read_only or self.delay is None else list(self.delay),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the page."""

    name: str
    head: tuple[str, ...]
    state: int  # the number of the cell with the row's state, which has its colour
    rows: tuple[Row, ...]
    note: str = ""

    def to_dict(self, run: str, *, read_only: bool) -> dict[str, Any]:
        """Return the table as the page's script reads it."""
        rows = [row.to_dict(run, read_only=read_only) for row in self.rows]
        fields = {"name": self.name, "head": list(self.head), "state": self.state}
        return {**fields, "rows": rows, "note": self.note}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A poll, the poll before it, and the last moment at which each broker answered, in seconds of the lab's clock."""

    now: Look
    before: Look | None = None
    ways: tuple[DirectionNow, ...] = ()
    answered: Mapping[str, float] = field(default_factory=dict)

    @property
    def rates(self) -> Rates:
        """Return the growth of counters between the two polls."""
        return Rates(self.now, self.before)

    def age(self, broker: str) -> float | None:
        """Return the seconds since a broker answered; None if it never did."""
        at = self.answered.get(broker)
        return None if at is None else max(0.0, self.now.t - at)


def tables(sight: Sight) -> tuple[Table, ...]:
    """Return all tables of a poll."""
    return brokers(sight), bridges(sight), links(sight), queues(sight)


def brokers(sight: Sight) -> Table:
    """Return the table of brokers, with a row for each instance of a pair."""
    status = sight.now.status
    records = {record.name: record for record in status.note.control.account.brokers}
    rows = [
        row
        for broker in status.note.plan.brokers
        for row in _instance_rows(sight, broker, records.get(broker.name), instances(broker, status.brokers))
    ]
    head = ("broker", "region", "state", "version", "memory", "configuration")
    return Table(name="Brokers", head=head, state=2, rows=tuple(rows))


def bridges(sight: Sight) -> Table:
    """Return the table of bridges, with the state of both ends and messages a second."""
    status = sight.now.status
    answering = {each.name for each in status.note.plan.brokers if answers(instances(each, status.brokers))}
    rows = tuple(_bridge(sight, each, answering) for each in status.bridges)
    return Table(name="Bridges", head=("connector", "from, to", "both ends", "there, back"), state=2, rows=rows)


def links(sight: Sight) -> Table:
    """Return the table of links, with a row for each direction; acts of a link are in its first row."""
    status = sight.now.status
    if status.note.plan.links and not status.links:
        rows = [Row(key=link.name, cells=(link.name, "the router does not run", "", "", ""), tone="unknown", age=None)
                for link in status.note.plan.links]  # fmt: skip
    else:
        rows = list(_link_rows(sight))
    head = ("direction", "state", "configured", "measured one way", "packets")
    return Table(name="Links", head=head, state=1, rows=tuple(rows))


def queues(sight: Sight) -> Table:
    """Return the table of queues: messages that wait, their rates, and consumers."""
    its = [each for each in sight.now.counted if each.of == "destination" and each.name.startswith("queue://")]
    its.sort(key=lambda each: (-each.counters.get("queued", 0), each.name, each.broker))
    rows = [
        Row(
            key=f"{each.broker} {each.name}",
            cells=(
                each.name.removeprefix("queue://"),
                each.broker,
                f"{each.counters.get('queued', 0):,}",
                f"{sight.rates.of(each, 'enqueued')}/s",
                f"{sight.rates.of(each, 'dequeued')}/s",
                str(each.counters.get("consumers", 0)),
            ),
            tone="worse" if each.counters.get("queued", 0) and not each.counters.get("consumers", 0) else "plain",
        )
        for each in its[:MOST_QUEUES]
    ]
    note = f"{len(its) - MOST_QUEUES} more queues are not shown" if len(its) > MOST_QUEUES else ""
    head = ("queue", "broker", "waiting", "in", "out", "consumers")
    return Table(name="Queues", head=head, state=2, rows=tuple(rows), note=note)


def _instance_rows(
    sight: Sight, broker: BrokerPlan, record: BrokerRecord | None, statuses: Sequence[BrokerStatus]
) -> Iterator[Row]:
    pair = len(broker.instances) > 1
    tone, words = broker_state(broker, statuses)
    numbers = {each.name: each.number for each in broker.instances}
    if not statuses:
        yield Row(key=broker.name, cells=(broker.name, broker.region, words, "", "", ""), tone="worse", age=None)
    for status in statuses:
        state, its = words, tone
        if pair:
            state, its = status.role or status.container, "well" if status.role else tone
            if status.container == "running" and not status.role:
                state, its = "no answer", "unknown"
            elif status.container != "running":
                its = "down"
        silent = status.container == "running" and status.version is None and status.role != "standby"
        yield Row(
            key=status.name,
            cells=(
                status.name,
                broker.region,
                state,
                status.version or ("" if status.role == "standby" else NOT_KNOWN),
                f"{status.memory / 2**20:.0f} MiB" if status.memory else NOT_KNOWN,
                _configuration(record),
            ),
            tone={"plain": "worse"}.get(its, its),
            age=sight.age(broker.name) if silent else 0.0,
            offers=tuple(_on_instance(broker.name, str(numbers[status.name]) if pair else "", status, record)),
        )


def _configuration(record: BrokerRecord | None) -> str:
    if record is None:
        return ""
    pending = "" if record.pending is None else f", pending until a reboot: {record.pending}"
    if record.has_pending and not pending:
        pending = ", changes pending until a reboot"
    return f"{record.current}{pending}"


def _on_instance(broker: str, number: str, status: BrokerStatus, record: BrokerRecord | None) -> Iterator[Offer]:
    named = {"broker": broker, **({"instance": number} if number else {})}
    name = f"instance {number} of {broker}" if number else broker
    match status.container:
        case "running":
            yield Offer(label="stop", fields={"act": "stop", **named}, asks=f"Stop {name}? Its connections end.")
            yield Offer(label="kill", fields={"act": "kill", **named}, asks=f"Kill {name}? Its process ends at once.")
            if record is not None and number in ("", "1"):
                asks = f"Reboot {broker}? Its pending changes apply, and its connections end."
                yield Offer(label="reboot", fields={"act": "reboot", "broker": broker}, asks=asks)
        case "paused":
            yield Offer(label="resume", fields={"act": "resume", **named})
        case "exited" | "created":
            yield Offer(label="start", fields={"act": "start", **named})


def _bridge(sight: Sight, status: BridgeStatus, answering: Set[str]) -> Row:
    arrow = "⇄" if status.duplex else "→"
    there = sight.rates.of_bridge(status.connector, status.initiator, status.responder)
    back = sight.rates.of_bridge(status.connector, status.responder, status.initiator) if status.duplex else ""
    its = {"broker": status.initiator, "name": status.connector}
    ends = bridge_state(status.duplex, status, answering)
    ages = [sight.age(each) for each in (status.initiator, status.responder)]
    asks = f"Stop {status.connector} of {status.initiator}? Its bridges end."
    return Row(
        key=f"{status.connector} {status.initiator} {status.responder}",
        cells=(
            status.connector,
            f"{status.initiator} {arrow} {status.responder}",
            _ends(status, ends),
            f"{there}/s, {back}/s" if back else f"{there}/s",
        ),
        tone="well" if status.up else "unknown" if "unknown" in ends else "down",
        age=None if None in ages else max(age for age in ages if age is not None),
        offers=(
            Offer(label="stop", fields={"act": "connector", "do": "stop", **its}, asks=asks),
            Offer(label="start", fields={"act": "connector", "do": "start", **its}),
        ),
    )


def _ends(status: BridgeStatus, ends: Sequence[str]) -> str:
    """Return the state of both ends in words, with the cause if the bridge is not up."""
    if status.up:
        return "up at both ends" if status.duplex else "up"
    named = [
        f"{end} at {at}" for end, at in zip(ends, (status.initiator, status.responder), strict=True) if end != "none"
    ]
    return f"{', '.join(named)}: {status.why_not or 'the logs give no reason yet'}"


def _link_rows(sight: Sight) -> Iterator[Row]:
    before = {} if sight.before is None else {
        (way.link, way.leaving): way for link in sight.before.status.links for way in link.directions
    }  # fmt: skip
    ways = {(way.link, way.leaving): way for way in sight.ways}
    for link in sight.now.status.links:
        for number, seen in enumerate(link.directions):
            last, way = before.get((seen.link, seen.leaving)), ways.get((seen.link, seen.leaving))
            state = link.states[number] if number < len(link.states) else NOT_KNOWN
            measured = "nothing measured yet"
            if seen.measured_p50_ms is not None and seen.measured_p99_ms is not None:
                measured = f"{seen.measured_p50_ms:g} ms, p99 {seen.measured_p99_ms:g} ms since the start"
            lost = sum(seen.dropped.values())
            packets = "–" if last is None else rate(seen.packets, seen.t, last.packets, last.t)
            closed = [each for each in link.states if each != str(LinkState.OPEN)]
            offers = (
                Offer(label="cut", fields={"act": "cut", "link": link.name}),
                Offer(label="heal", fields={"act": "heal", "link": link.name}),
            )
            yield Row(
                key=f"{seen.link} {seen.leaving}",
                cells=(
                    f"{seen.leaving} → {seen.reaching}",
                    state,
                    NOT_KNOWN if way is None else impairment_text(way.setting.impairment),
                    measured,
                    f"{packets}/s" + (f", {lost:,} dropped" if lost else ""),
                ),
                tone="well" if state == str(LinkState.OPEN) else "down",
                offers=() if number else offers[1:] if len(closed) == len(link.states) else offers,
                delay=None if number or way is None else (link.name, _delay_ms(way)),
            )


def _delay_ms(way: DirectionNow) -> float:
    return round(way.setting.impairment.delay.total_seconds() * 1000, 3)
