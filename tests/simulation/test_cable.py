"""A flight over a cable: what the router's own calls count for the same packets."""

from __future__ import annotations

from dataclasses import replace

from lab.link.direction import MEMORY_BYTES, Direction
from lab.link.impairment import LinkState, Setting, read_setting
from lab.simulation.tcp.cable import Cable

MS = 1_000_000
SETTING = read_setting({"delay_us": 35_000}, "tokyo")
FLIGHTS = ((0, 1, 92), (2 * MS, 3, 4_500), (2 * MS, 45, 67_500))  # the moment, packets, octets


def both(setting: Setting = SETTING) -> tuple[Cable, Direction]:
    return Cable("tokyo", "singapore", setting, 7), Direction("tokyo", "singapore", setting, 7)


def test_a_flight_is_held_and_counted_as_packets_are() -> None:
    cable, link = both()
    for now, packets, octets in FLIGHTS:
        link.lab.read(packets, octets)
        link.pass_on(now, b"", packets, octets, False)
        assert cable.carry(now, packets, octets) == link.flight[-1]
    assert cable.json() == link.json()
    for held in tuple(link.flight):
        link.delivered(link.flight.popleft(), held[0] + MS)
        assert cable.land(cable.flight[0], held[0] + MS)
    assert cable.json() == link.json()
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
    assert lost is not None and not cable.land(lost, 35 * MS)
    assert held is not None and cable.land(held, 37 * MS)
    assert cable.json()["counters"]["dropped"]["cut"] == 1
