"""A selector lets through what ActiveMQ lets through over STOMP; integration/test_client_terms.py asks a real one."""

from __future__ import annotations

import pytest

from lab.activemq.selectors import Untold, Value, matches, matches_over, properties
from tests.activemq.selectors import CASES


@pytest.mark.parametrize(("selector", "headers", "expected"), CASES)
def test_a_selector_lets_through_what_a_broker_does(selector: str, headers: dict[str, str], expected: bool) -> None:
    assert matches(selector, headers) is expected


def test_over_amqp_it_depends_on_others_whether_a_text_is_a_number() -> None:
    assert matches_over("amqp", "size = '10'", {"size": "10"})
    assert not matches_over("amqp", "size > 9", {"size": "9"})
    assert matches_over("stomp", "size > 9", {"size": "10"})
    with pytest.raises(Untold, match="only if a STOMP client"):
        matches_over("amqp", "size > 9", {"size": "10"})


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("size + 1 > 9", "'+ 1 > 9' in it is not read"),
        ("XPATH '//order'", "'//order'"),
        ("colour =", "it ends too soon"),
        ("colour = 'red' shape", "'shape' in it is not read"),
        ("(colour = 'red'", "it ends too soon"),
        ("size > 'x'", "> is between numbers"),
        ("JMSTimestamp > 0", "what a broker sets as JMSTimestamp is not known"),
        ("mqlab_id = 'x'", "what a broker sets as mqlab_id is not known"),
        ("", "it ends too soon"),
        ("(" * 5000 + "size = '10'" + ")" * 5000, "more than 40 parentheses in each other are not read"),
        ("size = " + "9" * 5000, "a number of 5000 digits in it is not read"),
    ],
)
def test_what_is_not_read_is_never_guessed(selector: str, why: str) -> None:
    with pytest.raises(Untold) as caught:
        matches(selector, {"size": "10"})
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (" OR ".join(["size = 'x'"] * 5000 + ["size = '10'"]), True),
        (" AND ".join(["size = '10'"] * 5000), True),
        ("NOT " * 5000 + "size = '10'", True),
        ("NOT " * 5001 + "size = '10'", False),
        ("(" * 40 + "size = '10'" + ")" * 40, True),
        (f"size = '10'{' ' * 100_000} AND {'size = 1 OR ' * 20_000} size = '10'", True),
        ("body LIKE '" + "%a" * 40 + "%b'", False),
        ("body LIKE '" + "%a" * 40 + "%'", True),
        ("body LIKE '%aa%a_'", True),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_strangers_selector_takes_no_longer_than_it_is_long(selector: str, expected: bool) -> None:
    assert matches(selector, {"size": "10", "body": "a" * 5000}) is expected


def test_what_a_publisher_says_beside_its_headers_can_be_selected() -> None:
    its = properties({"colour": "red"}, group="g", priority=None, persistent=True)
    told: list[tuple[str, Value]] = [
        ("JMSXGroupID = 'g' AND JMSPriority = 4", True),
        ("JMSDeliveryMode = 'NON_PERSISTENT'", False),
        ("JMSPriority > 4 OR colour = 'red'", True),
    ]
    assert [(selector, matches(selector, its)) for selector, _ in told] == told
