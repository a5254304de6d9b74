"""The refusal of `observe` by a broker whose image has no observer, before its container starts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from lab.emulation.brokers.containers import OBSERVER, check_observer
from lab.emulation.engine.containers import File, Order, _PreparingClient
from lab.errors import HostError
from lab.plan.values import BrokerPlan
from tests.simulation.broker.bench import plan

TRAINING = Path(__file__).parents[3] / "docker" / "broker" / "train.sh"


class Container:
    """A container that is made and not started, of an image with some files."""

    name = "mqlab-tokyo"

    def __init__(self, *files: str) -> None:
        self._files, self.done = files, list[str]()

    def get_archive(self, path: str) -> tuple[list[bytes], dict[str, Any]]:
        if path not in self._files:
            raise docker.errors.NotFound(f"Could not find the file {path} in container tokyo")
        return [], {}

    def put_archive(self, folder: str, data: bytes) -> None:
        self.done.append("files")

    def start(self) -> None:
        self.done.append("started")

    def remove(self, *, force: bool, v: bool) -> None:
        self.done.append("removed")


def broker(*observe: str) -> BrokerPlan:
    made = plan()
    return replace(made, name="tokyo", identity=replace(made.identity, observe=observe))


def begin(container: Any, its: BrokerPlan) -> None:
    files = [File(path="/etc/mqlab/activemq.xml", content=b"")]
    client: Any = None
    _PreparingClient(client, (), files, Order(), partial(check_observer, its)).start(container)


def test_observe_is_refused_by_name_before_a_broker_starts_whose_image_has_no_observer() -> None:
    container = Container()
    with pytest.raises(HostError) as refused:
        begin(container, broker("orders"))
    assert str(refused.value).startswith(
        "broker tokyo: observe needs an observer, and the image of ActiveMQ 5.18.3 has none, since the observer's "
        "source did not compile there"
    )
    assert "remove observe (or --observe)" in str(refused.value)
    assert container.done == ["removed"]


def test_everything_else_works_without_an_observer_in_the_image() -> None:
    container = Container()
    begin(container, broker())
    assert container.done == ["files", "started"]


def test_a_broker_is_observed_whose_image_has_the_observer() -> None:
    container = Container(OBSERVER)
    begin(container, broker("orders"))
    assert container.done == ["files", "started"]


def test_the_image_has_the_observer_where_it_is_looked_for() -> None:
    assert f"--file {OBSERVER} " in TRAINING.read_text()
