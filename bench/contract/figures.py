"""The figures of one run that are compared with those of another, and nothing else of it: no secrets, no paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lab.judge import Judged, Report
from lab.judge.evidence.tally import Tally
from lab.judge.percentiles import Percentiles
from lab.judge.values import Delivery

# Raised whenever a history would give other figures than before: kept ones are then not compared with new ones.
RULES = 1
WARM_UP, FIRST = 0.2, 100  # a burst's messages that come before its throughput is measured: a share, and at least
_OF_A_DELIVERY: Mapping[str, Callable[[Delivery], int]] = {
    "expected": lambda its: its.expected,
    "received": lambda its: its.received,
    "not delivered": lambda its: its.not_delivered.total,
    "duplicated": lambda its: its.duplicated,
    "unexpected": lambda its: its.unexpected,
    "recovered": lambda its: its.recovered,
    "undecided": lambda its: its.undecided,
    "redelivered": lambda its: its.redelivered,
    "returned": lambda its: its.returned,
    "kept": lambda its: its.kept.total,
    "expired": lambda its: its.over,
    "unsure": lambda its: its.doubtful,
    "reordered": lambda its: its.reordered,
}
_OF_A_CROSS_CHECK = ("accepted", "enqueued", "forwarded", "back", "taken", "waiting", "discarded")
Number = Annotated[float, Meta(gt=-(2.0**53), lt=2.0**53)]
Count = Annotated[int, Meta(gt=-(2**53), lt=2**53)]


class Machine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run was made on, and when."""

    when: str  # ISO 8601, UTC
    cores: Count
    load: Number | None  # the average over one minute, just before the run; None where the system does not say
    tcp: str = ""  # the congestion control of its brokers; "" where the system does not say


class Stream(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The messages of one step as they came to one audience; times in ms."""

    name: str
    messages: Count  # that arrived
    paced: bool
    p50: Number
    p99: Number
    per_s: Number | None  # of a burst, after its warm-up; None if paced, or if none came then, or at one moment


class Figures(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures of one run."""

    runtime: str
    seed: Count
    verdicts: Mapping[str, str]  # the expectation in one line → its outcome
    counts: Mapping[str, Count]  # those that are 0 are left out
    streams: tuple[Stream, ...]
    mqlab: str = ""  # the version that made the run
    machine: Machine | None = None
    digest: str = ""  # of the scenario, with its configurations
    images: tuple[str, ...] = ()  # what its brokers and its router were made from
    rules: Count = 1  # by which its history gave these figures


def figures(judged: Judged, *, first: int = FIRST) -> Figures:
    """Return the figures of a run that was judged.

    Throughput is measured without the first fifth of a burst, and not of its `first` messages: fewer where others have
    warmed the brokers up.
    """
    report = judged.report
    return Figures(
        runtime=report.runtime,
        seed=report.seed,
        verdicts=dict(_once((each.expectation, str(each.outcome)) for each in report.verdicts)),
        counts={name: count for name, count in _counts(report) if count},
        streams=tuple(_streams(judged, first)),
        mqlab=report.mqlab,
        rules=RULES,
    )


def to_json(run: Figures) -> str:
    """Return figures as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(run), indent=1).decode() + "\n"


def from_json(text: str) -> Figures:
    """Return figures that `to_json` wrote; raise ValueError for another text."""
    try:
        return msgspec.json.decode(text, type=Figures)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"it is not as a run's is: {error}") from error


def _once(verdicts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the verdicts; where expectations have the same words, each but the first with its number."""
    seen: dict[str, int] = {}
    for words, outcome in verdicts:
        seen[words] = seen.get(words, 0) + 1
        yield words if seen[words] == 1 else f"{words} ({seen[words]})", outcome


def _counts(report: Report) -> Iterator[tuple[str, int]]:
    for delivery in report.deliveries:
        of = f"to {delivery.subscriber}, {delivery.destination}"
        for name, count in _OF_A_DELIVERY.items():
            yield f"{of}: {name}", count(delivery)
        for share in delivery.shares:
            yield f"{of}: received by {share.subscriber} at {share.broker}", share.received
    for seen in report.cross_checks:
        of = f"counters, {seen.destination}, {seen.source} → {seen.target}"
        for name in _OF_A_CROSS_CHECK:
            yield f"{of}: {name}", getattr(seen, name)
    for step in report.steps:
        yield f"step {step.step}: {step.did}", step.done
        yield f"step {step.step}: failed", step.failed
    for bridge in report.bridges:
        yield f"bridge {bridge.connector} at {bridge.broker}: up", int(bridge.up)


def warm_up(messages: int, first: int = FIRST) -> int:
    """Return how many messages of a burst come before its throughput is measured: brokers compile their code yet."""
    return max(int(messages * WARM_UP), first)


def _streams(judged: Judged, first: int) -> Iterator[Stream]:
    paced = {each.step for each in judged.evidence.timeline.paces}
    names: set[str] = set()
    for audience in judged.evidence.audiences:
        for tally in audience.tallies:
            ordered = sorted(took * 1000 for took in tally.timed()[1])
            if (found := Percentiles.of(ordered)) is not None:
                step = tally.publication.place or str(tally.publication.step)
                even = tally.publication.step in paced
                name = f"step {step} to {', '.join(audience.names)}"
                name += f", {', '.join(audience.destinations)}" if name in names else ""  # of two subscriptions
                names.add(name)
                yield Stream(
                    name=name,
                    messages=len(ordered),
                    paced=even,
                    p50=round(found.p50, 3),
                    p99=round(found.p99, 3),
                    per_s=None if even else _throughput(tally, first),
                )


def _throughput(tally: Tally, first: int) -> float | None:
    """Return how many messages a second arrived after the warm-up; None if none did, or all at one moment."""
    sent_at = tally.publication.sent_at
    came = sorted(sent_at[number] + took for number, took in zip(*tally.timed(), strict=True))
    after = came[warm_up(len(came), first) :]
    return round((len(after) - 1) / (after[-1] - after[0]), 2) if len(after) > 1 and after[-1] > after[0] else None
