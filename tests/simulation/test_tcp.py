"""TCP: connections open, carry frames in order whatever the link does, and end as real ones do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from lab.link.impairment import Impairment, LinkState
from lab.network.vpc import INTERNET
from lab.plan.values import Plan
from lab.runtime.status import DOWN, PAUSED, UP
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.tcp.buffers import window
from lab.simulation.tcp.connection import Address
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.tcp.paths import SEGMENT
from tests.simulation.labs import MS, End, planned

LINK, PORT, PLAN = "singapore-tokyo", 61617, planned()
LINK = PLAN.links[0].name


class Two:
    """A client in Tokyo and a server in Singapore, 35 ms apart."""

    def __init__(self, buffers: tuple[int, int] | None = None, source: str = "tokyo", plan: Plan = PLAN) -> None:
        self.kernel = Kernel()
        self.fabric = Fabric(self.kernel, plan)
        self.client, self.server = End(self.kernel), End(self.kernel)
        self.buffers, self.source = buffers, source
        self.fabric.listen("singapore", PORT, self.server.accept, buffers=buffers)

    def impair(self, **figures: object) -> None:
        changed = replace(Impairment(delay=timedelta(milliseconds=35)), **figures)  # type: ignore[arg-type]
        self.fabric.paths.change(LINK, ["tokyo", "singapore"], changed, None)

    def link(self, state: LinkState) -> None:
        self.fabric.paths.change(LINK, ["tokyo", "singapore"], None, state)

    def connect(self, within: int = 30 * SECOND, tls: bool = True) -> None:
        self.fabric.connect(self.source, "singapore", PORT, self.client, within=within, tls=tls, buffers=self.buffers)

    def opened(self) -> Two:
        self.impair()
        self.connect()
        self.kernel.sleep(400 * MS)
        return self


def test_a_connection_opens_after_the_round_trips_of_tcp_and_tls() -> None:
    """Java's TLS waits for two acknowledgements beside, one of them delayed; a client's library for none."""
    two = Two().opened()
    assert two.client.told == [(250, "opened")]
    assert two.server.told == [(285, "opened")]
    away = Two(source=INTERNET).opened()
    assert away.client.told == away.server.told == [(0, "opened")]
    assert two.client.its.far == Address("singapore", PORT) == two.server.its.near
    assert two.client.its.near == two.server.its.far


def test_frames_arrive_in_order_and_the_end_after_them() -> None:
    two = Two().opened()
    for each in range(50):
        two.client.its.send(each, 1000)
    two.client.its.close()
    two.kernel.sleep(1000 * MS)
    assert two.server.words == ["opened", *range(50), "closed: closed"]
    assert not [what for what in two.client.words if str(what).startswith("closed")]


def test_an_idle_connection_grows_from_ten_segments_and_a_buffer_caps_it() -> None:
    """64 KiB of buffer are a window of 80 KiB, which is 1.17 MB/s at 70 ms; without that it doubles each round trip."""
    took = {}
    for buffers in ((65_536, 65_536), None):
        two = Two(buffers).opened()
        begun = two.kernel.now
        for each in range(2000):
            two.client.its.send(each, 1024)
        two.kernel.wait(lambda two=two: not two.client.its.unsent, 1)  # type: ignore[misc]
        while two.client.its.unsent:
            two.kernel.sleep(10 * MS)
        took[buffers] = (two.kernel.now - begun) / SECOND
        assert len(two.server.told) == 2001
    assert took[(65_536, 65_536)] == pytest.approx(2_048_000 / 81_920 * 0.07, rel=0.15)
    assert took[None] < 0.07 * 10


@pytest.mark.parametrize(
    ("buffers", "size", "most"),
    [
        ((65_536, 65_536), 4_292, 87_040),  # what real brokers had under way at most
        ((16_384, 65_536), 4_292, 25_300),  # what came over in each round trip
        ((16_384, 65_536), 1_220, 16 * 1_220),  # as `ss` showed it of two programs that write as ActiveMQ does
        ((24_576, 65_536), 5_316, 7.6 * 5_316),  # 7 and 8 by turns
        ((32_768, 65_536), 3_268, 14 * 3_268),
        ((49_152, 65_536), 8_432, 8 * 8_432),  # in three writes, so that each needs more memory
    ],
)
def test_as_much_is_under_way_as_buffers_make_of_such_messages(
    buffers: tuple[int, int], size: int, most: float
) -> None:
    two = Two(buffers).opened()
    for each in range(10):  # one by one, as a bridge's first messages come
        two.client.its.send(each, size)
        two.kernel.sleep(100 * MS)
    seen = 0
    for each in range(400):
        two.client.its.send(each, size)
    for _ in range(300):
        two.kernel.sleep(MS)
        seen = max(seen, two.client.its._sent - two.client.its._acked)
    assert seen == pytest.approx(most, rel=0.04)


def test_short_packets_count_as_long_ones_do() -> None:
    """Ten are under way at first, and what has waited for them goes together: so real brokers were seen to answer."""
    two = Two().opened()
    begun = two.kernel.now
    for each in range(25):
        two.client.its.send(each, 53)
    two.kernel.sleep(300 * MS)
    came = [when - begun // MS for when, what in two.server.told if what != "opened"]
    assert came == [35] * 10 + [105] * 15


def test_a_time_out_of_what_was_only_late_is_undone() -> None:
    """The round trip grows from 70 ms to 8 s: what was sent again had arrived, which time stamps tell (RFC 3522)."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.impair(delay=timedelta(seconds=4))
    begun = two.kernel.now
    for each in range(60):
        two.client.its.send(each, 1448)
    two.kernel.sleep(40 * SECOND)
    came = [round((when - begun // MS) / 1000) for when, what in two.server.told if isinstance(what, int)]
    # ten and a probe of the tail, then twice as many; not one, two, four after a time-out
    assert came == [4] * 11 + [12] * 21 + [20] * 28


def test_what_was_asked_in_vain_for_a_window_has_no_later_time_out_wait() -> None:
    two = Two((65_536, 65_536)).opened()
    two.fabric.power("singapore", PAUSED)
    for each in range(200):
        two.client.its.send(each, 1024)
    two.kernel.sleep(600 * SECOND)
    two.fabric.power("singapore", UP)
    two.kernel.sleep(40 * MS)
    assert two.client.its._packets, "what now has room is under way"
    two.link(LinkState.CUT)
    two.kernel.sleep(500 * MS)
    two.link(LinkState.OPEN)
    two.kernel.sleep(3 * SECOND)  # and not 120
    assert two.server.words == ["opened", *range(200)]


def test_a_time_out_of_what_was_lost_is_not_undone() -> None:
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.link(LinkState.CUT)
    for each in range(60):
        two.client.its.send(each, 1448)
    two.kernel.sleep(1000 * MS)
    two.link(LinkState.OPEN)
    two.kernel.sleep(20 * SECOND)
    came = [when for when, what in two.server.told if isinstance(what, int)]
    assert [round((when - came[0]) / 70) for when in came[:4]] == [0, 1, 1, 2]  # one at first, then twice as many
    assert len(came) == 60


def test_what_answers_a_retransmission_has_the_timer_begin_anew() -> None:
    """RFC 6298, 5.3: no other time-out follows, and each round trip brings more than the one before."""
    two = Two().opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.link(LinkState.CUT)
    for each in range(60):
        two.client.its.send(each, 1448)
    two.kernel.sleep(5000 * MS)
    two.link(LinkState.OPEN)
    before = two.fabric.paths.directions[LINK]["tokyo"].lab.segments_in
    two.kernel.sleep(20 * SECOND)
    came = [when for when, what in two.server.told if isinstance(what, int)]
    ladder = 272 * 31  # five time-outs, each twice as long: 272 ms x (1 + 2 + 4 + 8 + 16)
    assert ladder < came[0] - 700 - 35 < ladder + 3 * 32 + 2 * 256 + 40  # and as the wheel of timers turns
    assert came[-1] - came[0] < 10 * 71
    assert two.fabric.paths.directions[LINK]["tokyo"].lab.segments_in - before == 60  # each once
    assert two.client.its.congestion.round_trip == pytest.approx(70 * MS, rel=0.01)


def test_a_time_out_of_what_only_its_answers_were_lost_of_is_undone() -> None:
    """RFC 5682: with what was sent again comes what was not; and its age is no round trip."""
    two = Two((1 << 20, 1 << 20)).opened()
    for each in range(400):
        two.client.its.send(each, 1448)
    two.kernel.sleep(150 * MS)
    two.fabric.paths.change(LINK, ["singapore"], None, LinkState.CUT)
    two.kernel.sleep(1000 * MS)
    assert two.client.its.congestion.window == 1
    two.fabric.paths.change(LINK, ["singapore"], None, LinkState.OPEN)
    two.kernel.sleep(5 * SECOND)
    came = Counter(when for when, what in two.server.told if isinstance(what, int))
    assert list(came.values()) == [
        10,
        20,
        40,
        1,  # a probe
        81,
        162,
        86,
    ]  # as without a time-out, and as if none had rested meanwhile
    assert two.client.its.congestion.round_trip == pytest.approx(70 * MS, rel=0.01)


def test_a_time_out_is_not_undone_once_all_that_was_lost_has_come() -> None:
    two = Two((1 << 20, 1 << 20)).opened()
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    for each in range(160):
        two.client.its.send(each, 1448)
    two.kernel.sleep(4 * 70 * MS + 30 * MS)
    two.link(LinkState.CUT)
    for each in range(160):
        two.client.its.send(each, 1448)
    two.kernel.sleep(1000 * MS)
    two.link(LinkState.OPEN)
    two.kernel.sleep(3600 * SECOND)
    two.client.its.send("warm", 53)
    two.kernel.sleep(SECOND)
    assert (window := two.client.its.congestion.window) < 20
    two.impair(delay=timedelta(milliseconds=100))  # longer than until the tail is probed, shorter than a time-out
    two.client.its.send("three packets", 3 * 1448)
    two.kernel.sleep(180 * MS)
    assert two.client.its._odd, "it was probed"
    two.kernel.sleep(SECOND)
    assert two.client.its.congestion.window == window


def test_the_window_is_for_all_but_the_last_packet_of_what_is_closed() -> None:
    two = Two((1 << 20, 1 << 20)).opened()
    for each in range(11):
        two.client.its.send(each, 1448)
    two.client.its.close()
    assert two.client.its._packets == 10
    two = Two((1 << 20, 1 << 20)).opened()
    for each in range(10):
        two.client.its.send(each, 1448)
    two.client.its.close()
    assert two.client.its._packets == 11


@pytest.mark.parametrize(
    ("delay", "rise", "early"),
    [  # ms of each way, and of both: an eighth of the shortest round trip of 70 ms are 8.75, and no more than 16 count
        (35, 8, False),
        (35, 10, True),
        (100, 15.9, False),
        (100, 16.05, True),
    ],
)
def test_slow_start_ends_early_where_round_trips_have_grown(delay: int, rise: float, early: bool) -> None:
    """HyStart: 16 packets of the round in which 20 are under way still count."""
    two = Two((1 << 20, 1 << 20))
    two.impair(delay=timedelta(milliseconds=delay))
    two.connect()
    two.kernel.sleep(2 * SECOND)
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.impair(delay=timedelta(milliseconds=delay + rise / 2))
    for each in range(400):
        two.client.its.send(each, 1448)
    most = 0
    for _ in range(4):
        two.kernel.sleep(round((2 * delay + rise) * MS))
        most = max(most, two.client.its._packets)
    assert most == pytest.approx(36 if early else 80, abs=2)


def test_a_window_grows_by_a_twentieth_each_round_trip_before_a_loss_and_no_further_than_it_is_used() -> None:
    """As real brokers' did over 200 ms, from 36 packets to 61 in some three seconds: `bictcp_update`."""
    two = Two((65_536, 65_536))
    two.impair(delay=timedelta(milliseconds=80))
    two.connect()
    two.kernel.sleep(2 * SECOND)
    two.client.its.send("first", 53)
    two.kernel.sleep(300 * MS)
    two.impair(delay=timedelta(milliseconds=100))
    for each in range(3000):
        two.client.its.send(each, 1448)
    seen = []
    for _ in range(30):
        two.kernel.sleep(200 * MS)
        seen.append(int(two.client.its.congestion.window))
    first = seen.index(36)
    assert seen[first + 9] == pytest.approx(36 * 1.05**9, abs=2)
    assert seen[-1] == 57  # the first that is more than 81,920 bytes, the other end's window


def test_after_a_silence_a_connection_begins_slowly_again() -> None:
    two = Two().opened()

    def took() -> float:
        begun = two.kernel.now
        two.client.its.send("picture", 1 << 20)
        while two.client.its.unsent:
            two.kernel.sleep(MS)
        return (two.kernel.now - begun) / SECOND

    first, second = took(), took()
    two.kernel.sleep(60 * SECOND)
    assert second < first / 2
    assert took() == pytest.approx(first, rel=0.01)


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_everything_arrives_once_and_in_order_over_a_lossy_link(loss: float) -> None:
    two = Two().opened()
    two.impair(loss=loss)
    for each in range(500):
        two.client.its.send(each, 1024)
    two.kernel.sleep(600 * SECOND)
    assert two.server.words == ["opened", *range(500)]
    assert not two.client.its.unsent
    direction = two.fabric.paths.directions[LINK]["tokyo"].json()
    assert direction["counters"]["dropped"]["loss"] > 0


def test_a_slow_link_carries_its_rate() -> None:
    two = Two().opened()
    two.impair(rate=8_000_000)
    begun = two.kernel.now
    for each in range(1000):
        two.client.its.send(each, 1000)
    while two.client.its.unsent:
        two.kernel.sleep(10 * MS)
    assert (two.kernel.now - begun) / SECOND == pytest.approx(1.0 * 1500 / 1448 + 3 * 0.07, rel=0.05)
    assert two.server.words == ["opened", *range(1000)]


def test_what_is_sent_into_a_cut_link_arrives_after_it_heals() -> None:
    two = Two().opened()
    two.link(LinkState.CUT)
    two.client.its.send("a", 100)
    two.client.its.when_drained(lambda: two.client.received("drained"))
    two.kernel.sleep(10 * SECOND)
    assert two.server.words == ["opened"]
    two.link(LinkState.OPEN)
    two.kernel.sleep(15 * SECOND)
    assert two.server.words == ["opened", "a"]
    assert two.client.words == ["opened", "drained"]


def test_a_dead_path_ends_a_connection_that_sends_after_a_quarter_of_an_hour() -> None:
    two = Two().opened()
    two.link(LinkState.CUT)
    two.client.its.send("a", 100)
    two.kernel.sleep(3600 * SECOND)
    when, what = two.client.told[-1]
    assert what == "closed: timed out"
    assert 800 < when / 1000 < 1100
    assert two.server.words == ["opened"]  # it has heard nothing, and sends nothing


def test_a_rejecting_link_resets_what_sends() -> None:
    two = Two().opened()
    two.link(LinkState.REJECT)
    two.client.its.send("a", 100)
    two.kernel.sleep(SECOND)
    assert two.client.words[-1] == "closed: reset"
    two.connect()
    two.kernel.sleep(SECOND)
    assert two.client.words[-1] == "failed: refused"


def test_syns_are_repeated_until_the_limit() -> None:
    two = Two()
    two.link(LinkState.CUT)
    two.connect(within=30 * SECOND)
    two.kernel.sleep(40 * SECOND)
    assert two.client.told == [(30_000, "failed: silent")]
    assert two.fabric.paths.directions[LINK]["tokyo"].json()["counters"]["dropped"]["cut"] == 5  # at 0, 1, 3, 7, 15 s


def test_a_syn_that_is_repeated_after_healing_opens_the_connection() -> None:
    two = Two()
    two.impair()
    two.link(LinkState.CUT)
    two.connect()
    two.kernel.sleep(4 * SECOND)
    two.link(LinkState.OPEN)
    two.kernel.sleep(10 * SECOND)
    assert two.client.told == [(7_250, "opened")]


def test_a_process_that_dies_says_goodbye_and_its_host_then_refuses() -> None:
    two = Two().opened()
    two.fabric.power("singapore", DOWN)
    two.kernel.sleep(SECOND)
    assert two.client.words == ["opened", "closed: closed"]
    two.connect()
    two.kernel.sleep(SECOND)
    assert two.client.words[-1] == "failed: refused"


def test_a_port_on_which_nobody_listens_refuses() -> None:
    two = Two()
    two.fabric.close("singapore", PORT)
    two.connect()
    two.kernel.sleep(SECOND)
    assert two.client.words == ["failed: refused"]


def test_a_frozen_peers_kernel_accepts_what_its_buffer_holds() -> None:
    two = Two((65_536, 65_536)).opened()
    two.fabric.power("singapore", PAUSED)
    for each in range(100):
        two.client.its.send(each, 1024)
    two.kernel.sleep(20 * SECOND)
    assert two.server.words == ["opened"]
    assert two.client.its.unsent == 100 * 1024 - window(65_536, 2 * SEGMENT)
    two.fabric.power("singapore", UP)
    two.kernel.sleep(20 * SECOND)
    assert two.server.words == ["opened", *range(100)]
    assert not two.client.its.unsent


def test_a_frozen_host_accepts_tcp_and_answers_no_tls() -> None:
    two = Two()
    two.impair()
    two.fabric.power("singapore", PAUSED)
    found: list[tuple[str, int]] = []
    two.fabric.attempt("tokyo", "singapore", PORT, 5 * SECOND, lambda how, took: found.append((how, took // MS)))
    two.fabric.attempt(INTERNET, "singapore", PORT, 5 * SECOND, lambda how, took: found.append((how, took // MS)))
    two.kernel.sleep(10 * SECOND)
    assert found == [("open", 70), ("silent", 5000)]


def test_an_attempt_is_no_client_of_whoever_listens() -> None:
    two = Two()
    found: list[str] = []
    two.fabric.attempt("tokyo", "singapore", PORT, 5 * SECOND, lambda how, took: found.append(how))
    two.kernel.sleep(10 * SECOND)
    assert (found, two.server.told) == (["open"], [])


def test_a_revoked_rule_stops_new_connections_and_leaves_open_ones() -> None:
    two = Two().opened()
    network = PLAN.network
    shut = replace(network, groups=tuple(replace(each, inbound=()) for each in network.groups))
    two.fabric.paths.apply(shut)
    two.client.its.send("a", 100)
    two.kernel.sleep(SECOND)
    assert two.server.words[-1] == "a"
    two.connect(within=5 * SECOND)
    two.kernel.sleep(10 * SECOND)
    assert two.client.words[-1] == "failed: silent"
    ((key, packets),) = two.fabric.paths.dropped.items()
    assert key[:3] == ("tokyo", "singapore", "in")
    assert key[3].startswith("no ingress rule on") and "tcp 61617" in key[3]
    assert packets == 3  # SYNs at 0, 1 and 3 s


def test_both_ends_see_the_same_addresses_and_ports_are_the_same_at_each_seed() -> None:
    one, other = Two().opened(), Two(plan=replace(PLAN, seed=PLAN.seed + 1)).opened()
    assert one.client.its.near == other.client.its.near == one.server.its.far
    assert one.fabric.address("tokyo", seen_by="singapore") == "10.1.0.10"
    assert one.fabric.address(INTERNET, seen_by="tokyo") == "10.1.0.1"


def test_every_second_segment_of_a_stream_is_answered_and_the_last_one() -> None:
    """RFC 1122, 4.2.3.2: one alone while no more is on its way; where segments may be lost, each."""
    answers = []
    for figures in ({}, {"jitter": timedelta(microseconds=1)}):
        two = Two().opened()
        two.impair(**figures)
        back = two.fabric.paths.directions[LINK]["singapore"]
        before = back.json()["counters"]["packets_out"]
        for each in range(9):
            two.client.its.send(each, SEGMENT)
            two.kernel.sleep(MS)
        two.kernel.sleep(SECOND)
        assert not two.client.its.unsent
        answers.append(back.json()["counters"]["packets_out"] - before)
    assert answers == [5, 9]


def test_the_first_of_two_segments_is_answered_alone_if_the_second_does_not_come_soon() -> None:
    two = Two().opened()
    two.client.its.send("first", SEGMENT)
    two.kernel.sleep(MS)
    two.client.its.send("second", SEGMENT)
    two.kernel.sleep(34 * MS + MS // 2)  # the first one has come, the second has not
    two.fabric.paths.change(LINK, ["tokyo"], None, LinkState.CUT)
    two.kernel.sleep(40 * MS + 36 * MS)
    assert two.client.its.unsent == SEGMENT


def test_the_first_of_two_later_segments_waits_as_long_as_any() -> None:
    two = Two().opened()
    for each, pause in (("first", MS), ("second", 38 * MS), ("third", MS), ("fourth", 34 * MS + MS // 2)):
        two.client.its.send(each, SEGMENT)
        two.kernel.sleep(pause)
    two.fabric.paths.change(LINK, ["tokyo"], None, LinkState.CUT)  # the third one came before 40 ms were over
    two.kernel.sleep(74 * MS - MS // 2)
    assert two.client.its.unsent == 2 * SEGMENT
    two.kernel.sleep(2 * MS)
    assert two.client.its.unsent == SEGMENT


def test_what_a_frozen_peer_in_the_region_has_no_room_for_comes_when_it_goes_on() -> None:
    two = Two((65_536, 65_536), source=INTERNET)
    two.connect()
    two.kernel.sleep(SECOND)
    drained: list[int] = []
    two.fabric.power("singapore", PAUSED)
    for each in range(100):
        two.client.its.send(each, 1024)
    two.client.its.when_drained(lambda: drained.append(two.kernel.now))
    two.kernel.sleep(SECOND)
    assert (two.server.words, drained) == (["opened"], [])
    assert two.client.its.unsent == 100 * 1024 - window(65_536, 0)
    two.fabric.power("singapore", UP)
    two.kernel.sleep(SECOND)
    assert two.server.words == ["opened", *range(100)]
    assert (two.client.its.unsent, len(drained)) == (0, 1)
    two.client.its.send("last", 1024)
    two.client.its.close()
    two.kernel.sleep(SECOND)
    assert two.server.words[-2:] == ["last", "closed: closed"]


@pytest.mark.parametrize("source", [INTERNET, "tokyo"])
def test_what_is_on_its_way_to_a_host_that_goes_down_is_not_taken(source: str) -> None:
    two = Two(source=source)
    two.connect()
    two.kernel.sleep(SECOND)
    two.client.its.send("in vain", 1024)
    two.fabric.power("singapore", DOWN)
    two.kernel.sleep(SECOND)
    assert (two.server.words, two.client.words) == (["opened"], ["opened", "closed: reset"])


def test_a_buffer_that_grows_with_a_longer_write_is_filled_at_once() -> None:
    two = Two((16_384, 1 << 20)).opened()
    for _ in range(5):  # the congestion window opens
        for each in range(40):
            two.client.its.send(each, 1_000)
        two.kernel.sleep(80 * MS)
    for each in range(40):
        two.client.its.send(each, 1_000)
    before = two.client.its._sent
    two.client.its.send("long", 8_000)
    assert two.client.its.send_buffer > 16_384
    assert two.client.its._sent > before
