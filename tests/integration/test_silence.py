"""A broker that falls silent in mid-run: nothing that rests on what it was last seen to be is held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.history import Observation, SightChanged, read
from tests.command import Commands
from tests.integration.labs import Engine, eventually
from tests.integration.test_run import cleaned_up, copy_of, reasons, report

pytestmark = [pytest.mark.docker, pytest.mark.release]
STEPS = """steps:
  - subscribe: {client: sg, broker: singapore, over: stomp, queue: orders}
  - traffic: {name: all-day, broker: tokyo, over: stomp, queue: orders, rate: 10/s}
  - wait: 14s                          # an answer is waited for 5 s
  - end-traffic: {name: all-day}
expect:
  - bridge: {connector: connector_tokyo_to_singapore, up: both-ends}
  - bridge: {connector: connector_tokyo_to_singapore, up: initiator}
  - bridge: {connector: connector_tokyo_to_singapore, agree: yes}
  - network-page: {broker: singapore, remote: tokyo}
  - network-page: {broker: tokyo, remote: singapore}
  - demand: {broker: singapore, queue: orders, present: no}
  - counters: {broker: singapore, queue: orders, enqueued: 0}
  - delivered: {to: sg, promise: exactly-once, within: 2s}
"""


def _seen(folder: Path) -> tuple[Observation, ...]:
    path = folder / "history.jsonl"
    return read(path).observations if path.exists() and path.stat().st_size else ()


def test_a_broker_taken_off_its_network_holds_nothing(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    """The lab's command is told nothing of it: a stranger disconnects the container."""
    change: Callable[[str], str] = lambda text: text[: text.index("steps:")] + STEPS  # noqa: E731
    scenario = copy_of("tokyo-singapore", tmp_path, change)
    running = mqlab.start("run", scenario)
    assert eventually(
        lambda: mqlab.latest.exists() and any(each.kind == "received" for each in _seen(mqlab.latest)), 120
    )
    its = engine.client.containers.list(filters={"label": f"mqlab.run={mqlab.latest.name}", "name": "singapore"})
    (container,) = [each for each in its if "singapore" in str(each.name) and "router" not in str(each.name)]
    for name in container.attrs["NetworkSettings"]["Networks"]:
        engine.client.networks.get(name).disconnect(container)
    ended = mqlab.end_of(running)
    assert ended.code == 1, ended
    sights = [each for each in _seen(mqlab.latest) if isinstance(each, SightChanged)]
    assert [(each.broker, each.of, each.state) for each in sights] == [("singapore", "management", "lost")]
    assert 0 < sights[0].since < sights[0].t
    found = report(mqlab.latest)
    outcomes = {verdict["expectation"]: verdict["outcome"] for verdict in found["verdicts"]}
    held = [expectation for expectation, outcome in outcomes.items() if outcome == "passed"]
    assert held == ["network-page: {broker: tokyo, remote: singapore}"], ended
    assert "singapore's management did not answer from" in reasons(found, "unknown")
    assert [each["broker"] for each in found["bridges"] if "unseen_since_s" in each] == ["singapore"]
    assert any("singapore's management did not answer from" in note for note in found["notes"])
    cleaned_up(mqlab, engine)
