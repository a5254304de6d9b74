"""Regions are where a map has them, and their boxes do not touch; those on no map have a place as well."""

from __future__ import annotations

from itertools import combinations

import pytest

from lab.report.positions import Point, positions, rows, spread

from .networks import EIGHT, THIRTY, THREE, hub, mesh


def touching(points: tuple[Point, ...], size: Point) -> list[tuple[Point, Point]]:
    return [
        (a, b)
        for a, b in combinations(points, 2)
        if abs(a[0] - b[0]) < size[0] - 0.01 and abs(a[1] - b[1]) < size[1] - 0.01
    ]


def test_west_is_left_and_north_is_above() -> None:
    (dublin, virginia, frankfurt) = positions(THREE, ())
    assert virginia[0] < dublin[0] < frankfurt[0]
    assert dublin[1] < frankfurt[1] < virginia[1]


def test_the_earth_is_cut_open_where_nobody_is() -> None:
    tokyo, oregon, sydney = positions(("ap-northeast-1", "us-west-2", "ap-southeast-2"), ())
    assert tokyo[0] < sydney[0] < oregon[0], "across the Pacific"


def test_a_region_on_no_map_is_below_those_it_is_joined_with() -> None:
    known, joined, alone = positions(("eu-west-1", "none", "none"), [(0, 1)])
    assert joined[1] > known[1] and joined != alone


def test_regions_of_which_none_is_on_a_map_stand_about_their_hub() -> None:
    points = positions(["none"] * 5, hub(5))
    assert points[0] == (0.5, 0.5)
    assert len({(round(x, 6), round(y, 6)) for x, y in points}) == 5
    assert (0.5, 0.5) not in positions(["none"] * 5, mesh(5)), "a mesh has no middle"
    assert positions([], ()) == ()


@pytest.mark.parametrize("codes", [EIGHT, THIRTY, ("eu-west-1",) * 4, ("none",) * 7], ids=len)
def test_boxes_do_not_touch_and_stay_in_their_frame(codes: tuple[str, ...]) -> None:
    points = positions(codes, hub(len(codes)))
    found = spread(points, [(120.0, 50.0)] * len(codes), (1000.0, 700.0), (20.0, 20.0))
    assert found is not None
    assert touching(found, (140.0, 70.0)) == []
    assert all(60 <= x <= 940 and 25 <= y <= 675 for x, y in found)


def test_where_there_is_no_room_it_is_said_and_rows_are_left() -> None:
    points = positions(THIRTY, ())
    sizes = [(120.0, 50.0)] * 30
    assert spread(points, sizes, (500.0, 300.0), (20.0, 20.0)) is None
    placed = rows(points, sizes, 500.0, (20.0, 20.0))
    assert touching(placed, (140.0, 70.0)) == []
    assert all(60 <= x <= 440 for x, _ in placed)
