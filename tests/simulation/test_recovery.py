"""What TCP takes for lost and when, what it does to the window, and what a silence does: as Linux decides it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab.link.impairment import LinkState
from lab.simulation.kernel import SECOND
from lab.simulation.tcp.congestion import Congestion
from lab.simulation.tcp.flights import Flight
from lab.simulation.tcp.paths import SEGMENT
from lab.simulation.tcp.recovery import Recovery
from tests.simulation.labs import MS
from tests.simulation.test_tcp import LINK, Two


def test_a_lone_packet_is_probed_when_it_would_time_out_and_keeps_its_window() -> None:
    """`tcp_schedule_loss_probe`: twice the round trip and 200 ms, or the time-out if that is sooner, as it is here."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.link(LinkState.CUT)
    counts = two.fabric.paths.directions[LINK]["tokyo"].lab
    begun, before, sent = two.kernel.now, counts.segments_in, []
    window = two.client.its.congestion.window
    two.client.its.send("lone", 53)
    for after in range(2000):
        if counts.segments_in > before + len(sent):
            sent.append(after)
        if after == 500:
            assert two.client.its.congestion.window == window
        two.kernel.sleep(MS)
    assert two.kernel.now - begun == 2 * SECOND
    timeout = two.client.its.congestion.timeout >> 2  # of two time-outs
    assert [round(each * MS / timeout) for each in sent] == [0, 1, 2, 4]


def test_a_tail_is_probed_with_new_data_where_there_is_some_whatever_the_window() -> None:
    two = Two((1 << 20, 1 << 20)).opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.impair(delay=timedelta(milliseconds=200))
    for each in range(30):
        two.client.its.send(each, 1448)
    two.kernel.sleep(2 * two.client.its.congestion.round_trip + MS)
    assert two.client.its._packets == 10
    two.kernel.sleep(5 * MS)
    assert two.client.its._packets == 11
    assert not two.client.its._odd


def test_what_is_sent_after_a_probe_puts_the_time_out_off() -> None:
    """As Linux 6.18 was seen to do it with a message each 100 ms into a cut: none before the last one has waited."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.link(LinkState.CUT)
    its = two.client.its.congestion
    for each in range(8):
        two.client.its.send(each, 53)
        two.kernel.sleep(100 * MS)
        assert not its.backed_off
    two.kernel.sleep(30 * MS)
    assert not its.backed_off, "twice the round trip is 140 ms"
    two.kernel.sleep(30 * MS)
    assert its.backed_off == 1


def test_a_time_out_waits_for_the_kernels_wheel_of_timers() -> None:
    """Up to 32 ms from 252 ms on, 256 ms from 2.016 s on, 2.048 s from 16.128 s on: by where it is, so by chance."""
    congestion = Congestion()
    congestion.measured(100 * MS)

    def rings(phase: int, backed_off: int) -> int:
        congestion.backed_off = backed_off
        flights = [Flight(0, 53, 0)]
        due, probes = Recovery(phase * MS).awaited(flights, 1, 0, congestion, odd=False)
        assert probes == (not backed_off)
        return due // MS

    assert congestion.timeout == 300 * MS
    assert [rings(phase, 0) for phase in (0, 19, 20, 31)] == [320, 301, 332, 321]
    assert [rings(phase, 3) for phase in (0, 159, 160)] == [2560, 2401, 2656]
    assert [rings(phase, 6) for phase in (0, 1279, 1280)] == [20480, 19201, 21248]


def test_answers_that_wait_for_what_is_sent_next_lengthen_the_time_out() -> None:
    """By 40 ms at most, as Linux was seen to do it: of 100 ms, 105 for who is answered by data soon, else 145."""
    two = Two().opened()
    for each in range(40):
        two.client.its.send(each, 53)
        two.kernel.sleep(39 * MS)
        two.server.its.send(each, 53)
        two.kernel.sleep(60 * MS)
    assert two.client.its.congestion.round_trip == pytest.approx(74 * MS, abs=MS)
    assert two.server.its.congestion.round_trip == pytest.approx(95 * MS, abs=3 * MS)
    for each in range(40):  # nothing is sent back: all are answered at once
        two.client.its.send(each, 53)
        two.kernel.sleep(100 * MS)
    assert two.client.its.congestion.round_trip == pytest.approx(70 * MS, abs=MS)


@pytest.mark.parametrize("lost", [True, False])
def test_a_loss_that_a_probe_mends_counts_as_one(lost: bool) -> None:
    """Once what was sent after it is answered; not where a D-SACK tells that nothing was lost."""
    two = Two((1 << 20, 1 << 20)).opened()
    for each in range(200):
        two.client.its.send(each, 1448)
    two.kernel.sleep(2 * SECOND)
    two.client.its.send("all but the last", 1448)
    rested = two.client.its.congestion.window  # which it shrank to in two seconds of silence
    two.kernel.sleep(40 * MS)
    if lost:
        two.fabric.paths.change(LINK, ["tokyo"], None, LinkState.CUT)
    two.client.its.send("last", 1448)
    two.kernel.sleep(20 * MS)
    if not lost:  # but its answer is
        two.fabric.paths.change(LINK, ["singapore"], None, LinkState.CUT)
    two.kernel.sleep(60 * MS)
    two.link(LinkState.OPEN)
    two.kernel.sleep(400 * MS)
    assert two.server.words[-1] == "last"
    assert two.client.its.congestion.window == rested, "nothing that was sent later has been answered"
    two.client.its.send("more", 1448)
    two.kernel.sleep(SECOND)
    assert two.server.words[-1] == "more"
    assert two.client.its.congestion.window == (int(0.7 * rested) if lost else rested)


def test_a_time_out_of_a_lone_packet_whose_answers_alone_were_lost_is_not_undone() -> None:
    """As Linux 6.18 was seen to do it, from ten packets to one: the probe before it counts as sent again too
    (`tcp_init_undo`), and its D-SACK was lost; time stamps tell of what was sent again, and nothing else comes with it.
    """
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.client.its.send("lone", 53)
    its = two.client.its.congestion
    window, timeout = its.window, its.timeout
    two.fabric.paths.change(LINK, ["singapore"], None, LinkState.CUT)
    two.kernel.sleep(round(1.9 * timeout))  # it is probed after one, and times out after two
    assert its.window == window == 10
    two.link(LinkState.OPEN)
    two.kernel.sleep(round(0.2 * timeout))
    assert its.window == 1
    two.kernel.sleep(100 * MS)
    assert not two.client.its.unsent
    assert its.window == 2


def test_time_outs_of_a_lone_packet_that_is_late_are_undone_by_its_answer() -> None:
    """As Linux 6.18 was seen to do it where a delay grew from 35 ms to 1 s: one packet for two seconds, then ten."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    its = two.client.its.congestion
    window, threshold = its.window, its._threshold
    two.impair(delay=timedelta(seconds=1))
    two.client.its.send("lone", 53)
    two.kernel.sleep(1900 * MS)
    assert its.window == 1 and its.backed_off > 1
    two.kernel.sleep(200 * MS)
    assert (its.window, its._threshold) == (window, threshold)


@pytest.mark.parametrize(("after", "waits"), [(1, True), (2, True), (3, False)])
def test_what_fewer_than_three_packets_overtake_has_a_quarter_of_a_round_trip(after: int, waits: bool) -> None:
    """RFC 8985: then it counts as lost, and is sent again at once, whatever the window."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    window = two.client.its.congestion.window
    two.link(LinkState.CUT)
    two.client.its.send("lost", 1448)
    two.link(LinkState.OPEN)
    for each in range(after):
        two.client.its.send(each, 1448)
    begun = two.kernel.now
    two.kernel.sleep(SECOND)
    took = next(when for when, what in two.server.told if what == "lost") - begun / MS
    assert took == pytest.approx(105 + 17.5 + 2 if waits else 105, abs=1.5)
    assert two.client.its.congestion.window == int(0.7 * window)


def test_a_window_does_not_grow_in_a_recovery_and_a_time_out_within_it_is_the_same_loss() -> None:
    congestion, recovery = Congestion(), Recovery()
    congestion.measured(70 * MS)
    congestion.window = 100
    congestion.lost()
    recovery.begin(200 * SEGMENT)
    assert not recovery.grows(150 * SEGMENT)
    assert recovery.grows(200 * SEGMENT)
    flights = [Flight(150 * SEGMENT, 200 * SEGMENT, 0), Flight(200 * SEGMENT, 205 * SEGMENT, SECOND)]
    first = recovery.expire(flights, 150 * SEGMENT, 205 * SEGMENT, SECOND // 2)
    assert [each.lost for each in flights] == [True, False], "what was sent a moment ago may be on its way"
    congestion.timed_out(first=first, out=5)
    assert (first, congestion.window, congestion._threshold) == (False, 6, 70)
    assert not congestion.undone()
    assert not recovery.expire(flights, 150 * SEGMENT, 205 * SEGMENT, 0), "nothing has been acknowledged since"
    assert recovery.expire(flights, 160 * SEGMENT, 205 * SEGMENT, 0)


def test_a_silence_does_not_count_for_growth_and_ends_no_epoch() -> None:
    """`cubictcp_cwnd_event`: the window of who rested for a minute is what it was, or soon is again."""

    def after(silence: int) -> float:
        congestion, now = Congestion(), 0
        congestion.measured(70 * MS)
        congestion.window = 100
        congestion.lost()
        for _ in range(40):
            now += 70 * MS
            congestion.acknowledged(70, now, 1 << 20)
        congestion.rested(silence)
        congestion.resumed(silence, now + silence)
        now += silence
        for _ in range(10):
            now += 70 * MS
            congestion.acknowledged(int(congestion.window), now, 1 << 20)
        return congestion.window

    steady = after(70 * MS)
    assert after(200 * MS) == pytest.approx(steady, rel=0.01)  # no time-out long
    assert after(60 * SECOND) == pytest.approx(steady, rel=0.02)
