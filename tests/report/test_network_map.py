"""The page's map: every region, link and bridge is there, and nothing hides a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from math import hypot
from pathlib import Path

import pytest

from lab.judge.values import Report, RouteReport
from lab.report.html import Files, to_html
from lab.report.html.network_map import Box, NetworkMap, Stroke, network_map
from lab.report.picture import picture

from .histories import judged
from .networks import EIGHT, FIVE, THIRTY, THREE, hub, mesh, network

NETWORKS = {
    "3": network(THREE, hub(3)),
    "5": network(FIVE, mesh(5)),
    "8": network(EIGHT, hub(8)),
    "30": network(THIRTY, hub(30)),
    "30 meshed": network(THIRTY, mesh(30), connectors=("all",)),
    "nowhere": network(["none"] * 6, hub(6)),
    "one city": network(["eu-west-1"] * 4, mesh(4)),
}


def map_of(report: Report) -> NetworkMap:
    found = network_map(picture(report))
    assert found is not None
    return found


def meeting(boxes: Sequence[Box]) -> list[tuple[str, str]]:
    return [
        (a.title, b.title)
        for a, b in combinations(boxes, 2)
        if abs(a.x + a.width / 2 - b.x - b.width / 2) < (a.width + b.width) / 2
        and abs(a.y + a.height / 2 - b.y - b.height / 2) < (a.height + b.height) / 2
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_region_link_and_bridge_is_there_and_no_box_meets_another(name: str) -> None:
    report, drawn = NETWORKS[name], map_of(NETWORKS[name])
    assert meeting(drawn.boxes) == []
    assert [box.labels[0].text for box in drawn.boxes] == [region.brokers[0].name for region in report.regions]
    assert all(box.x >= 0 and box.x + box.width <= 1000 for box in drawn.boxes)
    assert all(drawn.top <= box.y and box.y + box.height <= drawn.top + drawn.height for box in drawn.boxes)
    assert Counter(stroke.tone for stroke in drawn.strokes)["link"] == len(report.links) / 2
    told = "\n".join(stroke.title for stroke in drawn.strokes)
    assert all(end.connector in told for end in report.bridges if not end.created_by_duplex)


@pytest.mark.parametrize("name", ["3", "5", "8"])
def test_words_at_a_line_hide_no_box_and_no_other_words(name: str) -> None:
    drawn = map_of(NETWORKS[name])
    assert drawn.plates
    assert [p for p in drawn.plates for box in drawn.boxes if p.meets(box, 0)] == []
    assert [(a, b) for a, b in combinations(drawn.plates, 2) if a.meets(b, 0)] == []
    assert [word.text for word in drawn.plates[0].labels] == ["40.0 ms configured", "40.2 ms measured"]


def test_a_bridge_that_is_down_is_an_arrow_of_its_own_above_the_others() -> None:
    report = NETWORKS["3"]
    down = tuple(replace(end, up=False) if end.connector == "b1-b0-topics" else end for end in report.bridges)
    last = map_of(replace(report, bridges=down)).strokes[-1]
    assert (last.tone, last.title) == ("down", "b1-b0-topics: b1 ⇄ b0, down")


def test_an_arrow_points_the_way_of_its_bridge() -> None:
    ends = [replace(end, duplex=False) for end in NETWORKS["3"].bridges if not end.created_by_duplex]
    drawn = map_of(replace(NETWORKS["3"], bridges=tuple(ends)))
    (arrow,) = (stroke for stroke in drawn.strokes if "b1-b0-queues" in stroke.title)
    tip = [float(number) for number in arrow.heads[1:].split("L")[0].split()]
    hub_box = drawn.boxes[0]
    assert hub_box.holds((tip[0], tip[1]), 10.0) and arrow.heads.count("M") == 1


def test_a_line_goes_round_a_box_that_is_in_its_way() -> None:
    drawn = map_of(network(["none"] * 3, [(0, 1), (1, 2), (0, 2)]))
    assert all(
        not box.holds((float(x), float(y)), 0)
        for stroke in drawn.strokes
        for box in drawn.boxes
        for x, y in (point.split() for point in stroke.path[1:].split("L"))
    )


def points(stroke: Stroke) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split() for point in stroke.path[1:].split("L"))]


def along(stroke: Stroke) -> list[tuple[float, float]]:
    """Return points of a line that are near to each other."""
    ends = pairwise(points(stroke))
    return [(a + (x - a) * n / 40, b + (y - b) * n / 40) for (a, b), (x, y) in ends for n in range(41)]


def test_where_messages_are_stopped_a_dotted_arrow_says_why(tmp_path: Path) -> None:
    def route(source: str, target: str, arrives: str, *stops: str) -> RouteReport:
        over = () if arrives == "never" else ("wan",)
        return RouteReport(
            source=source, target=target, destination="topic://prices", arrives=arrives, over=over, stops=stops
        )

    routes = (
        route("b1", "b2", "never", 'b1-topics has networkTTL="1"'),
        route("b2", "b1", "always"),
        route("b0", "b2", "sometimes", "it may stay on b1, where no bridge may carry it on"),
        route("b0", "nobody", "never", "why"),
    )
    report = replace(NETWORKS["3"], routes=routes)
    drawn = map_of(report)
    stopped = [stroke for stroke in drawn.strokes if stroke.tone == "stopped"]
    assert [stroke.title for stroke in stopped] == [
        'topic://prices from b1 to b2: never; b1-topics has networkTTL="1"',
        "topic://prices from b0 to b2: sometimes; it may stay on b1, where no bridge may carry it on",
    ]
    assert all(stroke.heads for stroke in stopped)
    key = "from here to there not every message arrives"
    base = judged(tmp_path / "history.jsonl")
    names = ("regions", "links", "bridges", "flows", "routes")
    shown = replace(base.report, **{name: getattr(report, name) for name in names})
    assert key in to_html(replace(base, report=shown), Files())
    assert key not in to_html(replace(base, report=replace(shown, routes=routes[1:2])), Files())


def test_a_dotted_arrow_is_neither_on_a_link_nor_on_its_words() -> None:
    """Mumbai is nearly between the others: both arrows would be bent to the side where the links are not."""
    ways = [("b1", "b2"), ("b2", "b1")]
    routes = tuple(
        RouteReport(source=a, target=b, destination="topic://prices", arrives="never", over=(), stops=("why",))
        for a, b in ways
    )
    drawn = map_of(replace(network(["ap-south-1", "eu-west-1", "ap-southeast-1"], hub(3)), routes=routes))
    others = [point for stroke in drawn.strokes if stroke.tone == "link" for point in along(stroke)]
    stopped = [points(stroke) for stroke in drawn.strokes if stroke.tone == "stopped"]
    assert len(stopped) == 2
    assert not any(plate.holds(point, 0) for line in stopped for point in line for plate in drawn.plates)
    for line in stopped:
        assert all(min(hypot(x - a, y - b) for a, b in others) > 14 for x, y in line[2:-2])
    (x, y), (a, b) = (line[len(line) // 2] for line in stopped)
    assert hypot(x - a, y - b) > 14  # nor on the other one


def test_two_regions_are_no_map_and_more_than_can_be_seen_are_a_table(tmp_path: Path) -> None:
    assert network_map(picture(network(THREE[:2], hub(2)))) is None
    many = network(["none"] * 70, hub(70))
    assert network_map(picture(many)) is None
    base = judged(tmp_path / "history.jsonl")
    shown = replace(base.report, **{name: getattr(many, name) for name in ("regions", "links", "bridges", "flows")})
    html = to_html(replace(base, report=shown), Files())
    assert 'class="network"' not in html and html.count("no link") == 70 * 69 / 2 - 69


def test_the_table_below_says_each_round_trip_count_and_bridge(tmp_path: Path) -> None:
    base = judged(tmp_path / "history.jsonl")
    names = ("regions", "links", "bridges", "flows")
    shown = replace(base.report, **{name: getattr(NETWORKS["3"], name) for name in names})
    html = to_html(replace(base, report=shown), Files())
    table = html.partition("<h3>Between regions</h3>")[2].partition("</table>")[0]
    assert table.count("40.0 ms") == 2 and table.count("40.2 ms") == 2 and table.count("no link") == 1
    assert table.count("10 of 10") == 6
    assert "<b>b2-b0-topics</b> b2 ⇄ b0, up at b2 and b0" in table


def test_the_key_of_the_map_names_only_what_is_drawn(tmp_path: Path) -> None:
    report = NETWORKS["5"]
    drawn = {stroke.tone for stroke in map_of(report).strokes}
    base = judged(tmp_path / "history.jsonl")
    names = ("regions", "links", "bridges", "flows", "routes")
    shown = replace(base.report, **{name: getattr(report, name) for name in names})
    html = to_html(replace(base, report=shown), Files())
    keys = {"link": "key cable", "up": "key up", "down": "key broken", "stopped": "key stopped"}
    assert drawn and drawn != {*keys}
    assert {tone for tone, key in keys.items() if f'class="{key}"' in html} == drawn
