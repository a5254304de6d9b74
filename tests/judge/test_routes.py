"""What a report says of the routes in a history's header, and of a loss by them."""

from __future__ import annotations

from typing import Any

import pytest

from lab.history import Header
from lab.judge.evidence.routes import Routes, routes

NAMED = {
    "from": "west", "to": "east", "destination": "topic://news", "arrives": "never", "over": [],
    "stopped_by": ["the TTL"],
}  # fmt: skip
BY_WILDCARD = {**NAMED, "heard_as": "topic://>", "arrives": "always", "over": ["wan"], "stopped_by": []}


def of(*rows: dict[str, Any], **more: Any) -> Routes:
    header = Header(
        run="r", scenario="s", seed=1, runtime="emulation", started="2026-01-01T00:00:00.000+00:00", declared={},
        mqlab="1", routes={"fixed": True, "rows": list(rows), **more},
    )  # fmt: skip
    return routes(header)


def test_how_a_client_hears_is_told_where_it_is_not_by_the_name() -> None:
    by_name, by_wildcard = of(NAMED, BY_WILDCARD).rows
    assert (by_name.of, by_wildcard.of) == ("topic://news", "topic://news, heard as topic://>")


def test_a_loss_is_explained_where_no_client_of_the_broker_could_hear_it() -> None:
    words = "; by the rules of forwarding no message gets from west to east: the TTL"
    never = {**BY_WILDCARD, "arrives": "never", "stopped_by": ["the TTL"]}
    assert of(NAMED).why_never("west", ["east"], "topic://news") == words
    assert of(NAMED, never).why_never("west", ["east"], "topic://news") == words
    assert of(NAMED, BY_WILDCARD).why_never("west", ["east"], "topic://news") == ""
    assert of(NAMED).why_never("west", ["east", "hub"], "topic://news") == ""


@pytest.mark.parametrize("changed", [{"heard_as": 1}, {"over": "wan"}, {"stopped_by": [1]}])
def test_what_is_no_route_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        of({**NAMED, **changed})
