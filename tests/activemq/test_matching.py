"""A message is known by its header, else by its body's marker, else by a digest; a given body is never altered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.activemq.matching import HEADER, digest, header_value, identify, make_body, message_id, number_body

RUN = "20260801-101500-ab12"


@given(step=st.integers(1, 10**4), n=st.integers(1, 10**7), size=st.none() | st.integers(0, 5000))
def test_a_made_body_carries_its_id_and_fills_its_size(step: int, n: int, size: int | None) -> None:
    name = message_id(step, n)
    body = make_body(RUN, name, size)
    assert identify(body, {}, RUN) == (name, None)
    if size is not None:
        assert len(body) == max(size, len(make_body(RUN, name)))


def test_the_header_comes_first() -> None:
    headers = {HEADER: header_value(RUN, "2-3")}
    assert identify(make_body(RUN, "1-1"), headers, RUN) == ("2-3", None)
    assert identify(b"any body", headers, RUN) == ("2-3", None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"mqlab ", {}),
        (b"mqlab 20260801-101500-ab12", {}),
        (b"mqlab 20260801-101500-ab12 1-1", {}),  # cut: a longer number may have stood there
        (make_body("another-run", "1-1"), {}),
        (make_body(RUN, "0-1"), {}),
        (make_body(RUN, "1-x"), {}),
        (b"mqlab 20260801-101500-ab12 \xff ", {}),
        (b"hello", {HEADER: "another-run/1-1"}),
        (b"hello", {HEADER: f"{RUN}/1-0"}),
        (b"hello", {HEADER: ""}),
    ],
)
def test_what_is_not_of_this_run_is_known_by_its_digest(body: bytes, headers: dict[str, str]) -> None:
    assert identify(body, headers, RUN) == (None, digest(body))


@given(body=st.binary(max_size=300))
def test_any_body_is_identified(body: bytes) -> None:
    name, found = identify(body, {}, RUN)
    assert (name is None) != (found is None)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("order {n}", b"order 7"),
        ("{n}{n}", b"77"),
        ("{{n}}", b"{7}"),
        ('{"a": {n}, "b": {m}, "c": "{ n }"}', b'{"a": 7, "b": {m}, "c": "{ n }"}'),
        ("ご注文", "ご注文".encode()),
        ("", b""),
    ],
)
def test_a_given_body_changes_only_where_it_asks_to(text: str, body: bytes) -> None:
    assert number_body(text, 7) == body


def test_a_digest_is_short_and_tells_bodies_apart() -> None:
    assert len(digest(b"")) == 16
    assert digest(b"order 1") != digest(b"order 2")
