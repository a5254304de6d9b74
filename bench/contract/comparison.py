"""Lists of figures → rows: what real brokers and models agree on, what not, by how much, and what is left out.

Pure. Real runs differ among themselves, so what they show is a range, from the least to the most of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from statistics import median

from bench.contract.figures import FIRST, Figures, Stream, warm_up
from lab.base.dataclass import dataclass

ENOUGH = 100  # messages of a stream, or of a burst after its warm-up, below which its times are not compared
OF_COUNTS = 0.10  # by how much the range of counts that are chance is widened at either end
OF_LATENCY, AT_LEAST = 0.05, 1.0  # the same of latencies: a share, and ms
OF_THROUGHPUT = 0.10


class Kind(StrEnum):
    """What a row is about."""

    VERDICT = "verdict"
    COUNT = "count"
    LATENCY = "latency"
    THROUGHPUT = "throughput"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of both; latencies in ms, throughput in messages a second."""

    kind: Kind
    name: str
    emulated: str  # one value, or the range of several
    simulated: str
    agrees: bool | None  # None: not compared
    off: float | None = None  # of the median of real brokers, as a share of it
    why: str = ""  # why it does not agree, or is not compared


def compare(emulated: Sequence[Figures], simulated: Sequence[Figures]) -> tuple[Row, ...]:
    """Return a row for each verdict, each count, and the times of each stream; raise ValueError if one side is empty.

    Of several simulated runs the median is compared, and their verdicts and counts that are no chance each.
    """
    if not emulated or not simulated:
        raise ValueError("there is nothing to compare with")
    return (*_verdicts(emulated, simulated), *_counts(emulated, simulated), *_times(emulated, simulated))


def _verdicts(emulated: Sequence[Figures], simulated: Sequence[Figures]) -> Iterator[Row]:
    for name in dict.fromkeys(name for its in (*emulated, *simulated) for name in its.verdicts):
        real, modelled = ([its.verdicts.get(name, "none") for its in side] for side in (emulated, simulated))
        agrees = set(modelled) <= set(real)
        yield Row(
            kind=Kind.VERDICT,
            name=name,
            emulated=_either(real),
            simulated=_either(modelled),
            agrees=agrees,
            why="" if agrees else "another verdict",
        )


def _counts(emulated: Sequence[Figures], simulated: Sequence[Figures]) -> Iterator[Row]:
    names = dict.fromkeys(name for its in (*emulated, *simulated) for name in its.counts)
    for name in names:
        real, modelled = ([its.counts.get(name, 0) for its in side] for side in (emulated, simulated))
        low, high = min(real), max(real)
        if low == high:
            agrees, why = set(modelled) == {low}, "every emulated run has the same"
        else:
            agrees = low * (1 - OF_COUNTS) <= median(modelled) <= high * (1 + OF_COUNTS)
            why = f"outside the range of emulated runs by more than {OF_COUNTS:.0%}"
        yield Row(
            kind=Kind.COUNT,
            name=name,
            emulated=_range(real),
            simulated=_range(modelled),
            agrees=agrees,
            off=_off(modelled, real),
            why="" if agrees else why,
        )


def _times(emulated: Sequence[Figures], simulated: Sequence[Figures]) -> Iterator[Row]:
    for name in dict.fromkeys(stream.name for its in (*emulated, *simulated) for stream in its.streams):
        real, modelled = (
            [its for each in side for its in each.streams if its.name == name] for side in (emulated, simulated)
        )
        fewest = min(its.messages for its in (*real, *modelled))
        if len(real) < len(emulated) or len(modelled) < len(simulated):
            yield _left_out(name, real, modelled, "not every run has it")
        elif fewest < ENOUGH:
            yield _left_out(name, real, modelled, f"fewer than {ENOUGH} messages: {fewest}")
        elif all(its.paced for its in (*real, *modelled)):
            yield _latency(f"{name}, p50", [its.p50 for its in real], [its.p50 for its in modelled])
            yield _latency(f"{name}, p99", [its.p99 for its in real], [its.p99 for its in modelled])
        elif (left := fewest - warm_up(fewest)) < ENOUGH:
            yield _left_out(name, real, modelled, f"fewer than {ENOUGH} messages after the first {FIRST}: {left}")
        else:
            yield _throughput(name, [its.per_s for its in real], [its.per_s for its in modelled])


def _latency(name: str, real: Sequence[float], modelled: Sequence[float]) -> Row:
    return _within(Kind.LATENCY, name, real, modelled, lambda bound: max(bound * OF_LATENCY, AT_LEAST))


def _throughput(name: str, real: Sequence[float | None], modelled: Sequence[float | None]) -> Row:
    known, made = ([each for each in side if each is not None] for side in (real, modelled))
    if len(known) == len(real) and len(made) == len(modelled):
        return _within(Kind.THROUGHPUT, name, known, made, lambda bound: bound * OF_THROUGHPUT)
    return Row(
        kind=Kind.THROUGHPUT,
        name=name,
        emulated=_range(known),
        simulated=_range(made),
        agrees=None,
        why="all of it came at one moment",
    )


def _within(
    kind: Kind, name: str, real: Sequence[float], modelled: Sequence[float], wider: Callable[[float], float]
) -> Row:
    """Return whether the median of the models is within the range of real brokers, widened at either end."""
    low, high = min(real), max(real)
    agrees = low - wider(low) <= median(modelled) <= high + wider(high)
    return Row(
        kind=kind,
        name=name,
        emulated=_range(real),
        simulated=_range(modelled),
        agrees=agrees,
        off=_off(modelled, real),
        why="" if agrees else f"outside {_shown(low - wider(low), 4)} to {_shown(high + wider(high), 4)}",
    )


def _left_out(name: str, real: Sequence[Stream], modelled: Sequence[Stream], why: str) -> Row:
    return Row(
        kind=Kind.LATENCY,
        name=f"{name}, p50",
        emulated=_range([its.p50 for its in real]),
        simulated=_range([its.p50 for its in modelled]),
        agrees=None,
        off=_off([its.p50 for its in modelled], [its.p50 for its in real]) if real and modelled else None,
        why=why,
    )


def _off(modelled: Sequence[float], real: Sequence[float]) -> float | None:
    middle = median(real)
    return (median(modelled) - middle) / middle if middle else (None if any(modelled) else 0.0)


def _range(of: Sequence[float]) -> str:
    if not of:
        return "none"
    low, high = min(of), max(of)
    return _shown(low) if low == high else f"{_shown(low)} to {_shown(high)}"


def _shown(value: float, digits: int = 5) -> str:
    """Return a figure in so many digits, or more if there are more before its point: a count as it is."""
    whole = isinstance(value, int) or abs(value) >= 10**digits - 1
    return f"{round(value)}" if whole else f"{value:.{digits}g}"


def _either(of: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(of))
