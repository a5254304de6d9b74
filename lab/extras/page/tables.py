"""A poll of a lab → the tables of the page: every row with its figures, its age, and the acts that it offers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field
from typing import Any

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.base.dataclass import dataclass
from lab.extras.page import offers
from lab.extras.page.acts import Offer
from lab.extras.page.parts import answers, bridge_state, broker_state, instances
from lab.history import Counted
from lab.link.impairment import LinkState
from lab.living.polls import Look, Rates, rate
from lab.network.link import impairment_text
from lab.plan.values import BrokerPlan
from lab.runtime.status import BridgeStatus, BrokerStatus, DirectionNow

MOST_QUEUES = 100
NOT_KNOWN = "not known"
NO_AGE = -1.0
OPEN = str(LinkState.OPEN)
STANDS_SECONDS = 10.0  # after which a queue that no message leaves is stuck


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table; `age` is the seconds since its figures were read, None if they never were."""

    key: str
    cells: tuple[str, ...]
    tone: str = "well"  # well | worse | down | unknown | plain
    age: float | None = 0.0  # NO_AGE for a row without figures
    offers: tuple[Offer, ...] = ()
    delay: tuple[str, float] | None = None  # a link whose delay can be set, and the milliseconds that it has

    def to_dict(self, run: str, *, read_only: bool) -> dict[str, Any]:
        """Return the row as the page's script reads it, without its acts if the page only shows."""
        return {
            "key": self.key,
            "cells": list(self.cells),
            "tone": self.tone,
            "age": None if self.age is None else round(self.age, 1) if self.age >= 0 else NO_AGE,
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
    left: Mapping[tuple[str, str], float] = field(default_factory=dict)  # (broker, queue) → a message left, or it began

    @property
    def rates(self) -> Rates:
        """Return the growth of counters between the two polls."""
        return Rates(self.now, self.before)

    def age(self, broker: str) -> float | None:
        """Return the seconds since a broker answered; None if it never did."""
        at = self.answered.get(broker)
        return None if at is None else max(0.0, self.now.t - at)

    def stuck(self, queue: Counted) -> str:
        """Return why the messages of a queue are stuck, "" if they are not."""
        if not queue.counters.get("queued", 0):
            return ""
        if not queue.counters.get("consumers", 0):
            return "no consumer"
        stands = self.now.t - self.left.get((queue.broker, queue.name), self.now.t)
        return f"no message has left in the last {stands:.0f} s" if stands >= STANDS_SECONDS else ""


def tables(sight: Sight) -> tuple[Table, ...]:
    """Return all tables of a poll."""
    return brokers(sight), bridges(sight), links(sight), queues(sight), demand(sight), groups(sight)


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
    """Return the table of queues: messages that wait, their rates, consumers, and whether messages are stuck."""
    its = [each for each in _destinations(sight) if each.name.startswith("queue://")]
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
                stuck,
            ),
            tone="worse" if stuck else "plain",
        )
        for each in its[:MOST_QUEUES]
        for stuck in (sight.stuck(each),)
    ]
    head = ("queue", "broker", "waiting", "in", "out", "consumers", "stuck")
    return Table(name="Queues", head=head, state=6, rows=tuple(rows), note=_more(len(its), "queues"))


def demand(sight: Sight) -> Table:
    """Return the table of demand: for each destination and broker, the consumers of clients and of bridges."""
    its = [each for each in _destinations(sight) if each.counters.get("consumers", 0)]
    its.sort(key=lambda each: (each.name, each.broker))
    rows = [
        Row(
            key=f"{each.broker} {each.name}",
            cells=(each.name, each.broker, _number(max(0, consumers - bridges)), _number(bridges)),
            tone="plain",
        )
        for each in its[:MOST_QUEUES]
        for consumers, bridges in ((each.counters["consumers"], each.counters.get("network-consumers", 0)),)
    ]
    head = ("destination", "broker", "consumers of clients", "consumers of bridges")
    return Table(name="Demand", head=head, state=1, rows=tuple(rows), note=_more(len(its), "destinations"))


def groups(sight: Sight) -> Table:
    """Return the table of security groups, with a row for each inbound rule."""
    network = sight.now.status.note.control.present
    rows = []
    for group in network.groups:
        owners = dict.fromkeys(each.owner for each in network.interfaces if group.name in each.groups)
        its = group.vpc, ", ".join(owners) or "none"
        if not group.inbound:
            rows.append(Row(key=group.name, cells=(group.name, "no inbound rule", *its), tone="worse", age=NO_AGE))
        rows += [
            Row(
                key=f"{group.name} {rule}",
                cells=(group.name, str(rule), *its),
                tone="plain",
                age=NO_AGE,
                offers=() if rule.ipv6 else (offers.of_rule(group, rule),),
            )
            for rule in group.inbound
        ]
    head = ("security group", "inbound rule", "VPC", "brokers and hosts")
    return Table(name="Security groups", head=head, state=1, rows=tuple(rows))


def _destinations(sight: Sight) -> list[Counted]:
    return [each for each in sight.now.counted if each.of == "destination"]


def _number(count: int) -> str:
    return f"{count:,}" if count else "–"


def _more(count: int, noun: str) -> str:
    return f"{count - MOST_QUEUES} more {noun} are not shown" if count > MOST_QUEUES else ""


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
            offers=tuple(offers.of_instance(broker.name, str(numbers[status.name]) if pair else "", status, record)),
        )


def _configuration(record: BrokerRecord | None) -> str:
    if record is None:
        return ""
    pending = "" if record.pending is None else f", pending until a reboot: {record.pending}"
    if record.has_pending and not pending:
        pending = ", changes pending until a reboot"
    return f"{record.current}{pending}"


def _bridge(sight: Sight, status: BridgeStatus, answering: Set[str]) -> Row:
    arrow = "⇄" if status.duplex else "→"
    there = sight.rates.of_bridge(status.connector, status.initiator, status.responder)
    back = sight.rates.of_bridge(status.connector, status.responder, status.initiator) if status.duplex else ""
    ends = bridge_state(status.duplex, status, answering)
    ages = [sight.age(each) for each in (status.initiator, status.responder)]
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
        offers=tuple(offers.of_bridge(status)),
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
            packets = "–" if last is None else rate(seen.packets, seen.t, last.packets, last.t)
            dropped = [f"{number:,} {cause}" for cause, number in sorted(seen.dropped.items()) if number]
            yield Row(
                key=f"{seen.link} {seen.leaving}",
                cells=(
                    f"{seen.leaving} → {seen.reaching}",
                    state,
                    NOT_KNOWN if way is None else impairment_text(way.setting.impairment),
                    measured,
                    f"{packets}/s" + (f", dropped: {', '.join(dropped)}" if dropped else ""),
                ),
                tone="well" if state == OPEN else "down",
                offers=(offers.of_direction(seen, cut=state == OPEN), *(() if number else offers.of_link(link))),
                delay=None if number or way is None else (link.name, _delay_ms(way)),
            )


def _delay_ms(way: DirectionNow) -> float:
    return round(way.setting.impairment.delay.total_seconds() * 1000, 3)
