"""Pictures: lines over one key, a heat map over two, one of them for each value of a third; and their page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lab.extras.vary.axes import Upward, axis_of, numbers
from lab.extras.vary.combinations import Grid
from lab.extras.vary.picture import draw
from lab.extras.vary.row import error_row
from lab.extras.vary.sweeps import to_html
from tests.extras.vary.working import variation
from tests.report.browser import Browser

PREFETCH = ("1", "10", "100", "1000")
ONE = Grid(values={"prefetchSize": PREFETCH})
TWO = Grid(values={"delay": ("70ms", "5ms", "1s"), "prefetchSize": PREFETCH}, seeds=(1, 2))
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("1", "2.5"), (1.0, 2.5)),
        (("70ms", "1s"), (0.07, 1.0)),
        (("64KiB", "1MB"), (65536.0, 1e6)),
        (("20mbit", "1gbit"), (2e7, 1e9)),
        (("0%", "1%"), (0.0, 0.01)),
        (("50/s", "6/m"), (50.0, 0.1)),
        (("1", "1s"), None),
        (("yes", "no"), None),
    ],
)
def test_quantities_of_one_kind_are_numbers(values: tuple[str, ...], found: tuple[float, ...] | None) -> None:
    assert numbers(values) == found


def test_an_axis_is_logarithmic_where_values_are_far_apart() -> None:
    far = axis_of(PREFETCH)
    assert far.logarithmic
    assert far.places == pytest.approx((4, 34.67, 65.33, 96), abs=0.01)
    near = axis_of(("10", "30", "20"))
    assert (near.logarithmic, near.places) == (False, (4, 96, 50))
    words = axis_of(("yes", "no"))
    assert (words.numeric, [tick.label for tick in words.ticks]) == (False, ["yes", "no"])
    assert axis_of(("7",)).places == (4,)


def test_labels_that_have_no_room_are_left_out_and_no_value_is() -> None:
    many = axis_of(tuple(str(number) for number in range(1000)))
    assert len(many.places) == 1000
    assert len(many.ticks) < 15


def test_upward_begins_at_zero_unless_figures_are_far_apart() -> None:
    assert [(tick.label, tick.at) for tick in Upward.of([3.0, 900.0]).ticks] == [
        ("1", 100.0), ("10", 66.67), ("100", 33.33), ("1000", 0.0),
    ]  # fmt: skip
    assert [tick.label for tick in Upward.of([40.0, 90.0]).ticks] == ["0", "20", "40", "60", "80"]
    assert Upward.of([0.0]).place(0.0) == 100


def test_one_key_is_lines_through_every_value_in_order() -> None:
    of = variation(replace(ONE, seeds=(1, 2, 3)))
    (group,) = draw(of).groups
    first, second = group.lines
    assert (first.title, first.unit, first.key) == ("latency, p99", "ms", "prefetchSize")
    assert [dot.x for dot in first.dots] == [4, 34.67, 65.33, 96]
    assert first.dots[0].y > first.dots[-1].y  # more is further up
    assert first.line.count("L") == 3
    assert first.band.count("L") == 7
    assert first.notes == ("the horizontal scale is logarithmic",)
    assert first.dots[0].text == "prefetchSize=1: latency, p99 20, passed"
    assert second.title == "throughput" and second.unit.startswith("messages a second")
    assert draw(variation(ONE)).groups[0].lines[0].band == ""


def test_words_have_dots_and_no_line() -> None:
    (group,) = draw(variation(Grid(values={"persistent": ("yes", "no")}, seeds=(1, 2)))).groups
    assert (group.lines[0].line, group.lines[0].band, len(group.lines[0].dots)) == ("", "", 2)


def test_two_keys_are_a_heat_map_in_the_order_of_their_numbers() -> None:
    (group,) = draw(variation(TWO)).groups
    assert not group.lines
    first = group.maps[0]
    assert (first.across, first.down, first.columns) == ("delay", "prefetchSize", ("5ms", "70ms", "1s"))
    assert [name for name, _ in first.rows] == [*PREFETCH]
    corner = first.rows[0][1][1]  # the very first combination: 70ms and 1
    assert (corner.text, corner.depth, corner.title) == (
        "15",
        0.0,
        "delay=70ms, prefetchSize=1: latency, p99 15, passed",
    )
    assert first.rows[-1][1][2].depth == 60
    assert (first.low, first.high) == ("15", "235")


def test_a_third_key_has_a_map_for_each_value_and_not_too_many() -> None:
    grid = Grid(values={**TWO.values, "loss": ("0%", "1%")})
    assert [group.text for group in draw(variation(grid)).groups] == ["loss=0%", "loss=1%"]
    many = Grid(values={"a": ("1", "2"), "b": ("1", "2"), "c": tuple(map(str, range(20)))})
    drawn = draw(variation(many))
    assert (len(drawn.groups), drawn.notes) == (12, ("The picture shows 12 of 20 combinations of c.",))


def test_what_cannot_be_drawn_is_said() -> None:
    assert draw(variation(Grid(values={"a": ("1",)}))).notes[0].startswith("There is only one combination of values")
    none = replace(variation(ONE), rows=tuple(error_row(of, "it died", 3) for of in ONE))
    assert draw(none).notes[0].startswith("No run has a figure to draw")
    wide = Grid(values={"a": tuple(map(str, range(50))), "b": ("1", "2")})
    assert draw(variation(wide)).notes == ("a and b have too many values to draw: at most 40 and 60.",)


def test_losses_are_drawn_where_there_are_any() -> None:
    titles = [each.title for each in draw(variation(ONE, lost=2)).groups[0].lines]
    assert titles[2:] == ["lost"]


def test_the_page_needs_nothing_else_and_escapes_what_it_shows() -> None:
    of = variation(ONE)
    text = to_html(replace(of, rows=(error_row(of.rows[0].combination, "<b>it died</b>", 3), *of.rows[1:])))
    assert "&lt;a&gt; story" in text and "<a> story" not in text
    assert "&lt;b&gt;it died" in text
    assert "4 runs: 3 passed, 1 error" in text
    assert "script" not in text and not re.search(r"(src|href)=\"(?!data:)", text) and "url(" not in text


def test_equal_variations_have_equal_pages() -> None:
    assert to_html(variation(TWO)) == to_html(variation(TWO))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("grid", [ONE, TWO], ids=["lines", "map"])
def test_the_page_is_quiet_and_alone_and_fits(
    chromium: Browser, tmp_path: Path, grid: Grid, width: int, dark: bool
) -> None:
    page = tmp_path / "page.html"
    page.write_text(to_html(variation(grid)), encoding="utf-8")
    chromium.open(page, width=width, dark=dark)
    assert chromium.complaints == []
    assert chromium.requests == [page.as_uri()]
    assert chromium.ask(WIDE) <= 0
    assert "latency, p99" in chromium.ask("document.body.innerText")
