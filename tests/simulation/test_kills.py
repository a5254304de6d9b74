"""A broker that is killed, one that starts after that, a standby's looks at the lock, and how long orders take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lab import labs
from lab.history import (
    Acknowledged,
    Approached,
    BrokerChanged,
    LinkChanged,
    LogLine,
    Observation,
    SendOutcome,
    StepStarted,
    observations,
)

TOPOLOGY = Path(__file__).parents[2] / "scenarios" / "topologies"
COSTS = {"begin": "1s", "boot": "0.2s", "recover": "0.1s", "stop": "50ms", "link": "0s", "first": "0s"}


def ran(folder: Path, steps: str, topology: str = "tokyo-singapore", seed: int = 1, **costs: str) -> list[Observation]:
    """Return the history of these steps, with these times of a machine."""
    scenario, file = folder / "s.yaml", folder / "costs.toml"
    scenario.write_text(f"scenario: s\ntopology: {TOPOLOGY / topology}.yaml\nsteps:\n{steps}")
    values: Mapping[str, str] = {**COSTS, **costs}
    file.write_text("".join(f'[{name}]\nvalue = "{value}"\n' for name, value in values.items()))
    environment = {"MQLAB_COSTS": str(file)}
    run = labs.run(scenario, runtime="simulation", runs=folder, environment=environment, seed=seed, raising=False)
    return [each for each in observations(run.folder.history) if isinstance(each, Observation)]


def started(seen: list[Observation]) -> list[float]:
    """Return how long each order to start took until the broker's log said that it had started."""
    orders = [each.t for each in seen if isinstance(each, StepStarted) and each.verb == "start"]
    lines = [each.t for each in seen if isinstance(each, LogLine) and each.name == "broker-started"]
    return [min(t for t in lines if t > order) - order for order in orders]


def test_a_start_from_a_store_that_was_not_closed_takes_longer(tmp_path: Path) -> None:
    steps = "".join(f"  - {verb}: {{broker: tokyo}}\n" for verb in ("stop", "start", "kill", "start"))
    assert started(ran(tmp_path, steps)) == [pytest.approx(1.2, abs=1e-3), pytest.approx(1.3, abs=1e-3)]


def test_a_standby_looks_at_the_lock_when_the_seed_says_and_then_starts_as_any_other(tmp_path: Path) -> None:
    took = set()
    for seed in (1, 2, 3):
        seen = ran(tmp_path, "  - kill: {broker: singapore}\n  - wait: 3s\n", "active-standby", seed)
        (killed,) = (each.t for each in seen if isinstance(each, BrokerChanged) and each.state == "killed")
        lines = [each for each in seen if isinstance(each, LogLine) and each.t > killed and each.instance == 2]
        looked, up = (
            next(each.t for each in lines if each.name == name) for name in ("store-recovered", "broker-started")
        )
        assert 0 <= looked - killed <= 1
        assert up - looked == pytest.approx(0.3, abs=1e-3)
        took.add(round(looked - killed, 3))
    assert len(took) == 3


def test_an_order_to_kill_takes_a_while_and_what_is_sent_to_a_dying_broker_has_no_acknowledgement(
    tmp_path: Path,
) -> None:
    steps = "  - traffic: {name: t, broker: tokyo, over: stomp, queue: q, rate: 200/s}\n  - wait: 1s\n"
    seen = ran(tmp_path, steps + "  - kill: {broker: tokyo}\n", stop="120ms")
    (order,) = (each.t for each in seen if isinstance(each, StepStarted) and each.verb == "kill")
    (killed,) = (each.t for each in seen if isinstance(each, BrokerChanged) and each.state == "killed")
    answers = [each for each in seen if isinstance(each, Acknowledged)]
    unknown = [each for each in answers if each.outcome is SendOutcome.UNKNOWN]
    served = [each for each in answers if each.outcome is SendOutcome.OK and each.t > order]
    assert killed - order == pytest.approx(
        0.055, abs=1e-3
    )  # a quarter of the 120 ms until it has the signal, 25 to die
    assert 5 <= len(served) <= 7 and 4 <= len(unknown) <= 6


def test_a_link_takes_its_time_to_change(tmp_path: Path) -> None:
    seen = ran(tmp_path, "  - cut: {link: tokyo-singapore}\n", link="0.3s")
    (order,) = (each.t for each in seen if isinstance(each, StepStarted))
    took = [each.t - order for each in seen if isinstance(each, LinkChanged)]
    assert took == [pytest.approx(0.3, abs=1e-3)] * 2


def test_the_first_login_at_a_port_of_a_process_takes_longer(tmp_path: Path) -> None:
    login = "  - connect: {client: a, broker: tokyo, over: stomp}\n"
    again = "  - stop: {broker: tokyo}\n  - start: {broker: tokyo}\n"
    seen = ran(tmp_path, login * 2 + again + login * 2, first="0.2s")
    first, second, anew, then = (each.took for each in seen if isinstance(each, Approached))
    assert (first - second, anew - then) == (pytest.approx(0.2, abs=1e-3), pytest.approx(0.2, abs=1e-3))


def test_what_a_broker_said_before_it_was_killed_arrives_before_its_end(tmp_path: Path) -> None:
    """An answer is on its way for 35 ms; the router, which answers for the dead, is no quicker."""
    steps = "  - subscribe: {client: w, broker: singapore, over: stomp, queue: q}\n"
    steps += "  - traffic: {name: t, broker: tokyo, over: stomp, queue: q, rate: 200/s, persistent: yes}\n"
    seen = ran(tmp_path, steps + "  - wait: 1s\n  - kill: {broker: singapore}\n  - wait: 1s\n")
    (killed,) = (each.t for each in seen if isinstance(each, BrokerChanged) and each.state == "killed")
    lost = next(
        each.t
        for each in seen
        if isinstance(each, LogLine) and each.broker == "tokyo" and each.t > killed and "shutdown due to" in each.text
    )
    assert lost - killed == pytest.approx(0.0353, abs=1e-3)


def test_a_broker_that_is_started_while_it_is_killed_runs_and_serves(tmp_path: Path) -> None:
    steps = (
        "  - together:\n      - kill:  {broker: tokyo}\n      - start: {broker: tokyo}\n  - wait: 10s\n"
        "  - connect: {client: late, broker: tokyo, over: stomp}\n"
    )
    seen = ran(tmp_path, steps)
    (late,) = (each for each in seen if isinstance(each, Approached) and each.client == "late")
    assert late.outcome == "ok"
