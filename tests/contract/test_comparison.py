"""When figures of models agree with those of real brokers, and what is said where they do not."""

from __future__ import annotations

import pytest

from bench.contract.comparison import Kind, Row, compare
from bench.contract.figures import warm_up
from tests.contract.runs import run, stream


def only(rows: tuple[Row, ...], kind: Kind) -> Row:
    (found,) = (row for row in rows if row.kind is kind)
    return found


def latencies(*p50: float, simulated: float) -> Row:
    rows = compare([run(seed, stream(p50=each)) for seed, each in enumerate(p50)], [run(1, stream(p50=simulated))])
    (found,) = (row for row in rows if row.name.endswith("p50"))
    return found


@pytest.mark.parametrize(("real", "simulated", "agrees"), [("passed", "passed", True), ("passed", "failed", False)])
def test_the_same_verdicts(real: str, simulated: str, agrees: bool) -> None:
    row = only(compare([run(verdict=real)], [run(verdict=simulated)]), Kind.VERDICT)
    assert (row.agrees, row.emulated, row.simulated) == (agrees, real, simulated)


def test_a_verdict_on_which_real_runs_differ_may_be_either() -> None:
    real = [run(verdict="passed"), run(2, verdict="failed")]
    assert only(compare(real, [run(verdict="failed")]), Kind.VERDICT).agrees
    assert not only(compare(real, [run(verdict="unknown")]), Kind.VERDICT).agrees


@pytest.mark.parametrize(("simulated", "agrees"), [(20, True), (21, False), (0, False)])
def test_a_count_that_every_real_run_has_is_the_same(simulated: int, agrees: bool) -> None:
    row = only(compare([run(lost=20), run(2, lost=20)], [run(lost=simulated)]), Kind.COUNT)
    assert row.agrees is agrees
    assert bool(row.why) is not agrees


@pytest.mark.parametrize(("simulated", "agrees"), [(1322, False), (1323, True), (1628, True), (1629, False)])
def test_a_count_of_chance_is_in_the_range_and_a_tenth(simulated: int, agrees: bool) -> None:
    real = [run(discarded=1470), run(2, discarded=1480)]
    assert only(compare(real, [run(discarded=simulated)]), Kind.COUNT).agrees is agrees


def test_counts_are_told_as_they_are_however_many() -> None:
    real = [run(received=123_456), run(2, received=100_000)]
    row = only(compare(real, [run(received=1_234_567)]), Kind.COUNT)
    assert (row.emulated, row.simulated) == ("100000 to 123456", "1234567")


def test_long_times_are_told_in_whole_milliseconds() -> None:
    row = latencies(123_456.7, simulated=99_999.4)
    assert (row.emulated, row.simulated) == ("123457", "99999")
    assert row.why == "outside 117284 to 129630"


def test_a_count_that_only_models_have_does_not_agree() -> None:
    assert only(compare([run()], [run(lost=1)]), Kind.COUNT).agrees is False


@pytest.mark.parametrize(("simulated", "agrees"), [(37.9, False), (38.0, True), (47.25, True), (47.3, False)])
def test_latencies_are_in_the_range_and_a_twentieth(simulated: float, agrees: bool) -> None:
    row = latencies(40.0, 45.0, simulated=simulated)
    assert row.agrees is agrees
    assert row.off == pytest.approx(simulated / 42.5 - 1)


@pytest.mark.parametrize(("simulated", "agrees"), [(2.9, False), (3.0, True), (5.0, True), (5.1, False)])
def test_short_latencies_are_in_the_range_and_a_millisecond(simulated: float, agrees: bool) -> None:
    assert latencies(4.0, simulated=simulated).agrees is agrees


@pytest.mark.parametrize(("simulated", "agrees"), [(89.9, False), (90.0, True), (110.0, True), (110.1, False)])
def test_the_throughput_of_a_burst_is_within_a_tenth(simulated: float, agrees: bool) -> None:
    row = only(
        compare([run(1, stream(per_s=100.0, messages=200))], [run(1, stream(per_s=simulated, messages=200))]),
        Kind.THROUGHPUT,
    )
    assert row.agrees is agrees


def test_the_median_of_many_simulated_seeds_counts() -> None:
    simulated = [run(seed, stream(p50=p50)) for seed, p50 in enumerate((40.0, 40.5, 400.0))]
    row = next(row for row in compare([run(1, stream(p50=40.0))], simulated) if row.name.endswith("p50"))
    assert (row.agrees, row.simulated) == (True, "40 to 400")


@pytest.mark.parametrize(
    ("real", "why"),
    [
        ([stream(messages=99)], "fewer than 100 messages: 99"),
        ([], "not every run has it"),
    ],
)
def test_what_is_not_compared_says_why(real: list[object], why: str) -> None:
    row = only(compare([run(1, *real)], [run(1, stream(p50=4000.0))]), Kind.LATENCY)  # type: ignore[arg-type]
    assert (row.agrees, row.why) == (None, why)


def test_a_burst_that_came_at_one_moment_has_no_throughput() -> None:
    at_once = stream(per_s=1.0, messages=200)
    nowhere = type(at_once)(name=at_once.name, messages=200, paced=False, p50=1, p99=1, per_s=None)
    row = only(compare([run(1, at_once)], [run(1, nowhere)]), Kind.THROUGHPUT)
    assert (row.agrees, row.why) == (None, "all of it came at one moment")


@pytest.mark.parametrize(("messages", "left"), [(100, 0), (199, 99)])
def test_a_burst_that_brokers_were_not_warm_for_is_not_compared(messages: int, left: int) -> None:
    real, simulated = (run(1, stream(per_s=per_s, messages=messages)) for per_s in (400.0, 1000.0))
    row = only(compare([real], [simulated]), Kind.LATENCY)
    assert (row.agrees, row.why) == (None, f"fewer than 100 messages after the first 100: {left}")


@pytest.mark.parametrize(("messages", "first", "others"), [(200, 100, 100), (2000, 100, 400), (200, 0, 40)])
def test_a_burst_is_measured_without_a_fifth_of_it_and_a_hundred(messages: int, first: int, others: int) -> None:
    assert warm_up(messages, first) == others


def test_nothing_is_compared_with_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        compare([], [run()])
