"""The rules of one direction, in virtual time: what passes, when, and why the rest does not."""

from __future__ import annotations

import itertools
from statistics import fmean, pstdev
from typing import Any

import pytest

from lab.link.direction import Direction, Drop
from lab.link.impairment import Setting, read_setting

MS = 1_000_000


def setting(**figures: Any) -> Setting:
    return read_setting(figures, "tokyo")


def direction(seed: int = 7, **figures: Any) -> Direction:
    return Direction("tokyo", "singapore", setting(**figures), seed)


def dues(of: Direction, times: list[int], size: int = 100) -> list[int | None]:
    """Send a packet at each time; give when each leaves, None for a dropped one."""
    decided = [of.admit(now, [size]) for now in times]
    return [runs[0].due_ns if runs else None for runs in decided]


def put(on: Direction, now: int, size: int = 100) -> None:
    on.lab.read(1, size)
    for run in on.admit(now, [size]):
        on.hold((run.due_ns, now, bytes(size), 1, size, False))


def test_delay_is_added() -> None:
    assert dues(direction(delay_us=35_000), [0, 5 * MS]) == [35 * MS, 40 * MS]


def test_the_cost_of_crossing_is_taken_off_but_never_below_nothing() -> None:
    long, short = direction(delay_us=1_000), direction(delay_us=20)
    for each in (long, short):
        each.calibrate(50_000)
    assert dues(long, [0]) == [950_000]
    assert dues(short, [0]) == [0]


def test_the_same_seed_gives_the_same_losses_and_delays_and_another_seed_others() -> None:
    asked: dict[str, Any] = {"delay_us": 10_000, "jitter_us": 2_000, "loss": 0.3}
    times = [at * 100 * MS for at in range(200)]
    assert dues(direction(1, **asked), times) == dues(direction(1, **asked), times)
    assert dues(direction(1, **asked), times) != dues(direction(2, **asked), times)


def test_the_two_directions_of_one_seed_roll_their_own_dice() -> None:
    times = [at * MS for at in range(200)]
    there = Direction("tokyo", "singapore", setting(loss=0.5), 7)
    back = Direction("singapore", "tokyo", setting(loss=0.5), 7)
    assert dues(there, times) != dues(back, times)


def test_probes_do_not_change_what_the_labs_traffic_meets() -> None:
    quiet, probed = direction(loss=0.5), direction(loss=0.5)
    expected = dues(quiet, [at * MS for at in range(100)])
    found = []
    for at in range(100):
        probed.admit(at * MS, [40], probe=True)
        found += dues(probed, [at * MS])
    assert found == expected
    assert probed.probes.dropped[Drop.LOSS] > 0
    assert probed.lab.dropped == quiet.lab.dropped


@pytest.mark.parametrize("correlation", [0.0, 0.8])
@pytest.mark.parametrize(("distribution", "deviation"), [("normal", 2_000), ("uniform", 2_000 / 3**0.5)])
def test_jitter_has_the_spread_asked_for_whatever_its_correlation(
    distribution: str, deviation: float, correlation: float
) -> None:
    of = direction(delay_us=50_000, jitter_us=2_000, distribution=distribution, correlation=correlation)
    given = [run - now for now in range(0, 20_000 * 1_000 * MS, 1_000 * MS) if (run := dues(of, [now])[0]) is not None]
    assert fmean(given) / 1000 == pytest.approx(50_000, abs=150)
    assert pstdev(given) / 1000 == pytest.approx(deviation, rel=0.05)
    middle = fmean(given)
    together = fmean((one - middle) * (two - middle) for one, two in itertools.pairwise(given))
    assert together / pstdev(given) ** 2 == pytest.approx(correlation, abs=0.05)
    if distribution == "uniform":
        assert min(given) >= 48_000 * 1000 and max(given) <= 52_000 * 1000


def test_jitter_keeps_the_order() -> None:
    found = dues(direction(delay_us=5_000, jitter_us=5_000), [at * 100_000 for at in range(2_000)])
    assert found == sorted(found, key=lambda due: due or 0)


def test_loss_has_the_chance_asked_for() -> None:
    of = direction(loss=0.1)
    found = dues(of, list(range(20_000)))
    assert found.count(None) == of.lab.dropped[Drop.LOSS] == pytest.approx(2_000, abs=130)


def test_a_rate_sends_one_packet_after_the_other() -> None:
    # 1000 bytes at 8 Mbit/s take 1 ms
    assert dues(direction(rate_bps=8_000_000, delay_us=10_000), [0, 0, 5 * MS], 1_000) == [11 * MS, 12 * MS, 16 * MS]


def test_a_queue_in_packets_drops_its_tail_and_the_packet_being_sent_does_not_wait() -> None:
    of = direction(rate_bps=8_000_000, queue_packets=2)
    assert dues(of, [0, 0, 0, 0, MS, MS], 1_000) == [MS, 2 * MS, 3 * MS, None, 4 * MS, None]
    assert of.lab.dropped[Drop.QUEUE] == 2


def test_a_queue_in_bytes_takes_what_fits() -> None:
    of = direction(rate_bps=8_000_000, queue_bytes=1_500)
    assert dues(of, [0, 0, 0], 1_000) == [MS, 2 * MS, None]
    assert dues(of, [0], 500) == [2 * MS + MS // 2]


def test_segments_of_a_super_packet_are_lost_one_by_one() -> None:
    of = direction(loss=0.1)
    passed = sum(run.last - run.first for _ in range(500) for run in of.admit(0, [1_500] * 40))
    assert passed == pytest.approx(18_000, abs=150)
    runs = next(runs for _ in range(100) if len(runs := of.admit(0, [1_500] * 40)) > 1)
    assert all(one.last < two.first for one, two in itertools.pairwise(runs))


def test_a_slow_rate_takes_a_super_packet_apart() -> None:
    runs = direction(rate_bps=12_000_000).admit(0, [1_500] * 5)  # 1 ms each
    assert [(run.first, run.last, run.due_ns) for run in runs] == [(0, 2, 2 * MS), (2, 4, 4 * MS), (4, 5, 5 * MS)]


def test_a_change_of_delay_leaves_what_is_in_flight_alone_and_keeps_the_order() -> None:
    of = direction(delay_us=100_000)
    put(of, 0)
    of.change(setting(delay_us=1_000), 50 * MS)
    put(of, 50 * MS)
    put(of, 200 * MS)
    assert [each[0] for each in of.flight] == [100 * MS, 100 * MS, 201 * MS]


def test_a_cut_drops_what_is_in_flight_and_what_comes_and_heals_into_an_empty_line() -> None:
    of = direction(delay_us=100_000)
    put(of, 0)
    of.change(setting(delay_us=100_000, state="cut"), 50 * MS)
    put(of, 60 * MS)
    assert not of.flight
    assert of.lab.dropped[Drop.CUT] == 2
    of.change(setting(delay_us=1_000), 70 * MS)
    put(of, 70 * MS)
    assert of.flight[0][0] == 71 * MS


def test_reject_drops_what_comes_and_counts_it_apart() -> None:
    of = direction(state="reject")
    assert dues(of, [0]) == [None]
    assert of.lab.dropped[Drop.REJECT] == 1


def test_memory_in_flight_is_bounded() -> None:
    of = direction(delay_us=60_000_000)
    body = bytes(60_000)
    for _ in range(10_000):
        of.lab.read(1, len(body))
        of.pass_on(0, body, 1, len(body), False)
    assert of.flight_bytes <= 65 << 20
    assert of.lab.dropped[Drop.QUEUE] + len(of.flight) == 10_000


def test_sums_hold_over_a_reset_with_packets_in_flight() -> None:
    of = direction(delay_us=10_000)
    for now in range(3):
        put(of, now)
    of.reset_counters()
    while of.flight:
        of.delivered(of.flight.popleft(), 10 * MS)
    assert (of.lab.segments_in, of.lab.segments_out, of.flight_segments, of.flight_bytes) == (3, 3, 0, 0)


def test_the_histogram_begins_anew_with_a_new_delay_but_not_with_a_cut_or_a_loss() -> None:
    of = direction(delay_us=10_000)
    put(of, 0)
    of.delivered(of.flight.popleft(), 10 * MS)
    of.change(setting(delay_us=10_000, state="cut"), 20 * MS)
    of.change(setting(delay_us=10_000, loss=0.5), 25 * MS)
    of.change(setting(delay_us=10_000), 30 * MS)
    assert of.delays.count == 1
    put(of, 40 * MS)
    of.change(setting(delay_us=20_000), 45 * MS)
    of.delivered(of.flight.popleft(), 50 * MS)  # came in before the change: not the new delay's doing
    assert of.delays.count == 0
