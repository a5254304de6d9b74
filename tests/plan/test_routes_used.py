"""The routes that a run's history keeps: between those who send and those who listen, when the scenario begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.declare.loading import load
from lab.plan.planning import plan
from lab.plan.routes_used import routes_used

FOLDER = Path(__file__).parent / "routes"
LISTEN = "  - subscribe: {{client: {client}, broker: {broker}, over: stomp, {kind}: {name}}}\n"
SEND = "  - publish: {{broker: {broker}, over: stomp, {kind}: {name}}}\n"


def used(tmp_path: Path, *steps: str) -> dict[str, Any]:
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    text = (FOLDER / "hub.yaml").read_text().replace("  - wait: 1s\n", "".join(steps))
    (tmp_path / "hub.yaml").write_text(text)
    scenario = load(tmp_path / "hub.yaml", environment={})
    return routes_used(scenario, plan(scenario.topology, seed=1))


def test_a_route_leads_from_each_who_sends_to_each_who_listens(tmp_path: Path) -> None:
    found = used(
        tmp_path,
        LISTEN.format(client="a", broker="east", kind="topic", name="news"),
        LISTEN.format(client="b", broker="west", kind="topic", name="news"),
        LISTEN.format(client="c", broker="east", kind="topic", name="other"),
        LISTEN.format(client="d", broker="east", kind="queue", name="orders.>"),
        SEND.format(broker="west", kind="topic", name="news"),
        SEND.format(broker="west", kind="queue", name="orders.eu"),
    )
    assert found["fixed"]
    row, by_wildcard = found["rows"]
    assert (by_wildcard["destination"], by_wildcard["heard_as"]) == ("queue://orders.eu", "queue://orders.>")
    assert (by_wildcard["to"], by_wildcard["arrives"], "heard_as" in row) == ("east", "always", False)
    assert (row["from"], row["to"], row["destination"], row["arrives"]) == ("west", "east", "topic://news", "never")
    assert row["stopped_by"] == [
        f"{each}-topics has no networkTTL, so its networkTTL is 1" for each in ("west", "east")
    ]


def test_a_consumer_between_brings_a_message_no_further_than_its_ttl(tmp_path: Path) -> None:
    found = used(
        tmp_path,
        LISTEN.format(client="a", broker="east", kind="topic", name="news"),
        LISTEN.format(client="b", broker="hub", kind="topic", name="news"),
        SEND.format(broker="west", kind="topic", name="news"),
    )
    assert [(row["to"], row["arrives"]) for row in found["rows"]] == [("east", "never"), ("hub", "always")]


def test_of_several_consumers_of_a_queue_another_may_take_a_message(tmp_path: Path) -> None:
    found = used(
        tmp_path,
        LISTEN.format(client="a", broker="east", kind="queue", name="orders"),
        LISTEN.format(client="b", broker="hub", kind="queue", name="orders"),
        SEND.format(broker="hub", kind="queue", name="orders"),
    )
    assert [(row["arrives"], row["stopped_by"]) for row in found["rows"]] == [
        ("sometimes", ["a consumer on hub may take it"])
    ]


@pytest.mark.parametrize(
    ("step", "fixed"),
    [
        ("  - delete-route: {table: dublin, destination: 10.2.0.0/16}\n", False),
        ("  - create-user: {broker: west, user: another, password: another-of-17-signs}\n", False),
        ("  - update-user: {broker: west, user: bridge, groups: [admins]}\n", False),
        ("  - reboot: {broker: west}\n", True),
        ("  - wait: 1s\n", True),
    ],
)
def test_routes_that_a_step_may_change_are_not_fixed(tmp_path: Path, step: str, fixed: bool) -> None:
    listen = LISTEN.format(client="a", broker="east", kind="queue", name="orders")
    found = used(tmp_path, listen, SEND.format(broker="west", kind="queue", name="orders"), step)
    assert found["fixed"] is fixed


def test_who_hears_by_another_name_has_a_row_that_says_so(tmp_path: Path) -> None:
    found = used(
        tmp_path,
        LISTEN.format(client="a", broker="east", kind="topic", name="prices.>"),
        LISTEN.format(client="b", broker="west", kind="topic", name="prices.*"),
        LISTEN.format(client="c", broker="east", kind="queue", name="Consumer.c.VirtualTopic.news"),
        LISTEN.format(client="d", broker="east", kind="topic", name="others.>"),
        SEND.format(broker="west", kind="topic", name="prices.eur"),
        SEND.format(broker="west", kind="topic", name="VirtualTopic.news"),
    )
    assert [(row["destination"], row["heard_as"], row["to"], row["arrives"]) for row in found["rows"]] == [
        ("topic://prices.eur", "topic://prices.>", "east", "never"),
        ("topic://VirtualTopic.news", "queue://Consumer.c.VirtualTopic.news", "east", "always"),
    ]


def test_a_topics_client_and_its_virtual_topics_queue_get_a_message_each(tmp_path: Path) -> None:
    found = used(
        tmp_path,
        LISTEN.format(client="a", broker="hub", kind="topic", name="VirtualTopic.news"),
        LISTEN.format(client="b", broker="hub", kind="queue", name="Consumer.b.VirtualTopic.news"),
        SEND.format(broker="west", kind="topic", name="VirtualTopic.news"),
    )
    # the topic's message makes another one in the hub's queue, beside that which comes from west's
    assert [(row.get("heard_as", ""), row["copies"]) for row in found["rows"]] == [
        ("", 1),
        ("queue://Consumer.b.VirtualTopic.news", 2),
    ]


def test_nothing_is_kept_where_nobody_sends_to_another_broker(tmp_path: Path) -> None:
    assert used(tmp_path, LISTEN.format(client="a", broker="east", kind="topic", name="news")) == {}
