"""Which tests get a second try."""

from __future__ import annotations

from tests.again import MOST, chosen

ONE = "tests/integration/test_link.py::test_a_cut_is_silent_and_heals[None]"


def test_a_few_tests_on_real_brokers_get_a_second_try() -> None:
    assert chosen([ONE]) == [ONE]
    assert chosen([ONE] * MOST) == [ONE] * MOST


def test_a_test_without_a_broker_gets_none_and_neither_do_many() -> None:
    assert chosen([ONE, "tests/judge/test_truth.py::test_x"]) == []
    assert chosen([ONE] * (MOST + 1)) == []
    assert chosen([]) == []
