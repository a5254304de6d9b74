"""Quantities carry their unit, and what is written is read back as the same value."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.base import units


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("35ms", timedelta(milliseconds=35)),
        ("1.5s", timedelta(milliseconds=1500)),
        ("2m", timedelta(minutes=2)),
        ("1h", timedelta(hours=1)),
        ("250us", timedelta(microseconds=250)),
        ("0", timedelta(0)),
    ],
)
def test_durations(text: str, value: timedelta) -> None:
    assert units.parse_duration(text) == value


@pytest.mark.parametrize("text", ["", "35", "ms", "-1s", "1e3s", "35 parsecs", "1:30", "٣s", "35MS", "35mbit"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 80ms, 1\.5s, 2m"):
        units.parse_duration(text)


@pytest.mark.parametrize("text", ["1", "101%", "-1%", "1 percent"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(ValueError):
        units.parse_percent(text)


def test_decimal_and_binary_sizes_differ() -> None:
    assert (units.parse_size("1KB"), units.parse_size("1KiB")) == (1000, 1024)
    assert units.parse_rate("20mbit") == 20_000_000


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)))
def test_durations_survive(value: timedelta) -> None:
    assert units.parse_duration(units.format_duration(value)) == value


@given(st.integers(0, 2**50))
def test_sizes_survive(value: int) -> None:
    assert units.parse_size(units.format_size(value)) == value


@given(st.integers(0, 10**13))
def test_rates_survive(value: int) -> None:
    assert units.parse_rate(units.format_rate(value)) == value


@given(st.decimals(min_value="0.0000000000000001", max_value=10**9, places=16), st.sampled_from("smh"))
def test_message_rates_survive(number: Decimal, unit: str) -> None:
    value = units.parse_message_rate(f"{number:f}/{unit}")
    assert units.parse_message_rate(units.format_message_rate(value)) == value


def test_message_rates_are_exact() -> None:
    assert [units.parse_message_rate(text) for text in ("50/s", "2.5/s", "20/m", "1/h")] == [
        50, Fraction(5, 2), Fraction(1, 3), Fraction(1, 3600),
    ]  # fmt: skip
    assert units.format_message_rate(Fraction(1, 3)) == "20/m"


@pytest.mark.parametrize("text", ["50", "50/x", "50/ms", "0/s", "0", "-1/s", "20mbit", "/s", "50/s/s"])
def test_what_is_no_message_rate(text: str) -> None:
    with pytest.raises(ValueError, match="write 50/s"):
        units.parse_message_rate(text)


@given(st.integers(0, 10**9))
def test_percentages_survive(billionths: int) -> None:
    value = billionths / 10**9
    assert units.parse_percent(units.format_percent(value)) == value
