"""A flood of log lines is counted whole and kept in few lines; other lines pass it untouched."""

from __future__ import annotations

from lab.history import LogLine
from lab.runtime.log_flood import BUNDLE_LINES, WHOLE_LINES, Flood


def line(t: float, text: str, level: str = "WARN") -> LogLine:
    return LogLine(t=t, broker="tokyo", level=level, text=text, name="duplicate")


def test_a_flood_is_counted_whole_and_kept_in_few_lines() -> None:
    flood = Flood()
    many = WHOLE_LINES + 3 * BUNDLE_LINES + 7
    given = [line(float(n), f"Queue | Duplicate message add attempt ID:tokyo-{n}-1:{n} on {n}") for n in range(many)]
    kept = [each for each in map(flood.add, given) if each is not None]
    assert kept[:WHOLE_LINES] == given[:WHOLE_LINES]
    rest = flood.rest()
    assert [each.times for each in (*kept[WHOLE_LINES:], *rest)] == [BUNDLE_LINES] * 3 + [7]
    assert sum(each.times for each in (*kept, *rest)) == many
    assert rest[0].t == many - 1, "it stands where the last of them stood"
    assert flood.rest() == ()


def test_other_lines_pass_a_flood() -> None:
    flood = Flood()
    for n in range(WHOLE_LINES + 5):
        flood.add(line(float(n), f"duplicate {n}"))
    for other in (line(900.0, "something else"), line(901.0, "duplicate 7", level="ERROR")):
        assert flood.add(other) == other
