"""The lines that design/one-message.md quotes are in its files, in their order."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "design" / "one-message.md").read_text("utf-8")
_STATION = r"^\*\*(\d)\. [^`]*(?:`[\w-]+`[^`]*)*`([\w/.-]+\.\w+)`\n\n((?:(?:    .*)?\n)+)"
STATIONS = re.findall(_STATION, PAGE, re.MULTILINE)


def test_there_are_seven_files() -> None:
    assert [number for number, *_ in STATIONS] == list("1234567")
    assert len({file for _, file, _ in STATIONS}) == 7


@pytest.mark.parametrize(("file", "quoted"), [station[1:] for station in STATIONS], ids=lambda text: text[:40])
def test_each_line_is_in_its_file(file: str, quoted: str) -> None:
    lines = [line.strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    place = 0
    for line in filter(None, map(str.strip, quoted.splitlines())):
        if line != "...":
            assert line in lines[place:], f"{file} has no such line after line {place}: {line}"
            place = lines.index(line, place) + 1
