"""A flight over a cable: what the router's own calls count for the same packets."""

from __future__ import annotations

from dataclasses import replace

from lab.link.direction import MEMORY_BYTES, Direction, InFlight
from lab.link.impairment import LinkState, Setting, read_setting
from lab.simulation.tcp.cable import Cable

MS = 1_000_000
SETTING = read_setting({"delay_us": 35_000}, "tokyo")
FLIGHTS = ((0, 1, 92), (2 * MS, 3, 4_500), (2 * MS, 45, 67_500))  # the moment, packets, octets


class There:
    """A host at the cable's end, which may be away, and the flights that have come."""

    def __init__(self) -> None:
        self.target, self.away = "host", set[str]()
        self.came: list[tuple[int, int]] = []
        self.missed: list[tuple[int, int]] = []

    def take(self, start: int, end: int) -> None:
        self.came.append((start, end))

    def on_reach(self, arrived: object, refused: object, start: int, end: int) -> None:
        self.missed.append((start, end))


def land(cable: Cable, each: InFlight, there: There) -> None:
    cable.land(each, there, there.take, lambda: None, 0, each[4])


def both(setting: Setting = SETTING) -> tuple[Cable, Direction]:
    return Cable("tokyo", "singapore", setting, 7), Direction("tokyo", "singapore", setting, 7)


def test_a_flight_is_held_and_counted_as_packets_are() -> None:
    cable, link = both()
    for now, packets, octets in FLIGHTS:
        link.lab.read(packets, octets)
        link.pass_on(now, b"", packets, octets, False)
        assert cable.carry(now, packets, octets) == link.flight[-1]
    assert cable.json() == link.json()
    there = There()
    for held in tuple(link.flight):
        link.delivered(link.flight.popleft(), held[0])
        land(cable, cable.flight[0], there)
    assert cable.json() == link.json()
    assert there.came == [(0, octets) for _, _, octets in FLIGHTS]
    assert cable.json()["counters"]["bytes_out"] == sum(octets for _, _, octets in FLIGHTS)


def test_a_flight_waits_for_the_one_before_it() -> None:
    cable, link = both()
    for each in (cable, link):
        each.pass_on(0, b"", 1, 92, False)
        each.change(read_setting({"delay_us": 5_000}, "tokyo"), 0)
    link.pass_on(MS, b"", 1, 92, False)
    assert cable.carry(MS, 1, 92) == link.flight[-1] == (35 * MS, MS, b"", 1, 92, False)


def test_a_flight_that_memory_has_no_room_for_is_dropped() -> None:
    cable, _ = both()
    assert cable.carry(0, 1, MEMORY_BYTES + 1) is not None
    assert cable.carry(0, 2, 92) is None
    assert cable.json()["counters"]["dropped"]["queue"] == 2


def test_a_flight_that_was_in_the_cable_when_it_was_cut_does_not_land() -> None:
    cable, _ = both()
    lost = cable.carry(0, 1, 92)
    cable.change(replace(SETTING, state=LinkState.CUT), MS)
    cable.change(SETTING, 2 * MS)
    held = cable.carry(2 * MS, 1, 92)
    assert lost is not None and held is not None
    there = There()
    land(cable, lost, there)
    assert there.came == []
    land(cable, held, there)
    assert there.came == [(0, 92)]
    assert cable.json()["counters"]["dropped"]["cut"] == 1


def test_a_flight_to_a_host_that_is_away_is_counted_and_not_taken() -> None:
    cable, _ = both()
    held, there = cable.carry(0, 1, 92), There()
    there.away.add("host")
    assert held is not None
    land(cable, held, there)
    assert (there.came, there.missed) == ([], [(0, 92)])
    assert cable.json()["counters"]["packets_out"] == 1
