"""A container that was taken into a host's place comes back, whatever the engine refuses and whoever ends the lab."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from lab.emulation.engine import labels, removal
from lab.emulation.hosts import moved_containers
from lab.emulation.network.networks import region_network
from lab.errors import HostError
from lab.runtime.application.attachment import SHOWS_RESOLVER, Before, Endpoint
from lab.runtime.application.place import HostPlace
from tests.polled_clock import PolledClock

RUN, ID = "20260101-101010-aaaaaa", 64 * "c"
LABELS = {labels.RUN: RUN}
PLACE = HostPlace(
    run=RUN, host="billing", region="tokyo", network=region_network(RUN, "tokyo"), address="10.213.0.10", names={},
    volume="trust", labels=LABELS, environment={},
)  # fmt: skip


class Part:
    """A network, or a volume, of an engine."""

    def __init__(self, engine: Engine, name: str, labels: Mapping[str, str]) -> None:
        self._engine, self.id, self.name, self.attrs = engine, name, name, {"Labels": dict(labels)}
        self.meanwhile: dict[str, Callable[[], None]] = {}  # what others do while the engine connects, or removes

    def connect(self, container: Container, **how: str) -> None:
        container.on.append(self.name)
        self.meanwhile.pop("connect", _nothing)()

    def disconnect(self, container: Container, force: bool = False) -> None:
        if self.name in self._engine.stubborn:
            raise self._engine.stubborn[self.name]
        container.on.remove(self.name)

    def remove(self) -> None:
        self.meanwhile.pop("remove", _nothing)()
        if self._engine.parts.pop(self.name, None) is None:
            raise docker.errors.NotFound("no such thing")


def _nothing() -> None:
    pass


class Container:
    """A container of somebody else's."""

    id, name, status, labels = ID, "app", "running", dict[str, str]()

    def __init__(self) -> None:
        self.on, self.mute = ["mine"], False

    @property
    def attrs(self) -> dict[str, Any]:
        networks = {name: {"NetworkID": name} for name in self.on}
        its = {"HostConfig": {}, "State": {"Status": self.status}, "Config": {}}
        return {"Id": ID, "NetworkSettings": {"Networks": networks}, **its}

    @property
    def client(self) -> Any:
        return SimpleNamespace(api=SimpleNamespace(run=lambda _, command, *__: self.run(command)))

    def run(self, command: list[str]) -> tuple[int, bytes]:
        """Do what a shell would; a busy engine loses what it says."""
        if self.mute:
            return 0, b""
        if command[-1] != SHOWS_RESOLVER:
            return 0, b"done\n"
        program = SHOWS_RESOLVER.replace("cat /etc/resolv.conf", "echo nameserver 10.0.0.2")
        return 0, subprocess.run(["sh", "-c", program], capture_output=True, check=True).stdout

    def put_archive(self, folder: str, data: bytes) -> None:
        pass


class Found:
    """The parts of one kind, as the engine's library has them."""

    def __init__(self, engine: Engine, which: Callable[[Part], bool]) -> None:
        self._engine, self._which = engine, which

    def list(self, filters: Mapping[str, Any], **how: object) -> list[Part]:
        asked = filters.get("label", ())
        wanted = [each.partition("=") for each in ([asked] if isinstance(asked, str) else asked)]
        return [
            part
            for part in self._engine.parts.values()
            if self._which(part)
            and all(
                name in part.attrs["Labels"] and (not given or part.attrs["Labels"][name] == value)
                for name, given, value in wanted
            )
        ]

    def get(self, name: str) -> Part:
        if name not in self._engine.parts:
            raise docker.errors.NotFound("no such thing")
        return self._engine.parts[name]

    def create(self, name: str, labels: Mapping[str, str]) -> Part:
        return self._engine.parts.setdefault(name, Part(self._engine, name, labels))


class Engine:
    """An engine with a lab's network, a network of somebody else's, and a container on that one."""

    def __init__(self) -> None:
        self.app, self.stubborn, self.silent = Container(), dict[str, docker.errors.APIError](), False
        self.parts, self._networks = dict[str, Part](), set[str]()
        self.add_network(PLACE.network, LABELS)
        self.add_network("mine", {})
        self.networks = Found(self, lambda part: part.name in self._networks)
        self.volumes = Found(self, lambda part: part.name not in self._networks)
        self.containers = self

    def add_network(self, name: str, labels: Mapping[str, str]) -> None:
        self._networks.add(name)
        self.parts[name] = Part(self, name, labels)

    def get(self, container: str) -> Container:
        if self.silent:
            raise docker.errors.APIError("no answer")
        return self.app

    def list(self, filters: Mapping[str, Any], **how: object) -> list[Container]:
        return [self.app] if filters.get("network") in self.app.on else []


def move(engine: Any) -> None:
    moved_containers.move(engine, engine.app, PLACE, LABELS, [])


def record(engine: Any) -> Any:
    (found,) = moved_containers.records(engine, RUN)
    return found


def test_a_container_goes_and_comes_back() -> None:
    engine: Any = Engine()
    assert moved_containers.lab_of(engine, engine.app) == ""
    move(engine)
    assert engine.app.on == [PLACE.network] and moved_containers.lab_of(engine, engine.app) == RUN
    moved_containers.put_back(engine, record(engine))
    assert engine.app.on == ["mine"] and moved_containers.lab_of(engine, engine.app) == ""


def test_one_whose_resolver_is_not_shown_stays_where_it_is() -> None:
    engine: Any = Engine()
    engine.app.mute = True
    with pytest.raises(HostError, match=r"app does not show its /etc/resolv\.conf"):
        move(engine)
    assert engine.app.on == ["mine"] and not moved_containers.records(engine, RUN)


def test_one_that_does_not_say_that_it_has_its_resolver_back_is_told_of() -> None:
    engine: Any = Engine()
    move(engine)
    engine.app.mute = True
    said = moved_containers.put_back(engine, record(engine))
    assert engine.app.on == ["mine"] and "app may still have the lab's names, and no name server" in said[0]


def test_one_that_the_lab_does_not_let_go_has_no_second_way_and_is_put_back_later() -> None:
    engine: Any = Engine()
    move(engine)
    engine.stubborn = {PLACE.network: docker.errors.APIError("is busy")}
    (said,) = moved_containers.put_back(engine, record(engine))
    assert "is not undone yet: is busy" in said and engine.app.on == [PLACE.network]
    engine.stubborn = {}
    moved_containers.put_back(engine, record(engine))
    assert engine.app.on == ["mine"]


def test_a_network_that_has_gone_meanwhile_keeps_it_from_no_other() -> None:
    engine: Any = Engine()
    move(engine)
    engine.stubborn = {PLACE.network: docker.errors.NotFound("no such network")}
    moved_containers.put_back(engine, record(engine))
    assert "mine" in engine.app.on


def test_a_record_stays_while_the_engine_does_not_say_how_the_container_stands() -> None:
    engine: Any = Engine()
    move(engine)
    engine.silent = True
    (said,) = moved_containers.put_back(engine, record(engine))
    assert "is not undone yet: no answer" in said
    engine.silent = False
    moved_containers.put_back(engine, record(engine))
    assert engine.app.on == ["mine"] and not moved_containers.records(engine, RUN)


def test_what_no_lab_wrote_is_removed() -> None:
    engine: Any = Engine()
    engine.volumes.create("odd", {**LABELS, labels.ROLE: moved_containers.ROLE, moved_containers.BEFORE: "[]"})
    (said,) = moved_containers.put_back(engine, record(engine))
    assert "could not be undone" in said and not moved_containers.records(engine, RUN)


def test_one_that_comes_while_its_lab_is_removed_is_put_back() -> None:
    engine: Any = Engine()

    def late() -> None:
        move(engine)
        raise docker.errors.APIError("has active endpoints")

    engine.parts[PLACE.network].meanwhile["remove"] = late
    removal.remove(engine, RUN, PolledClock())
    assert engine.app.on == ["mine"] and set(engine.parts) == {"mine"}


def test_a_lab_is_not_ended_while_the_engine_does_not_say_how_a_container_stands() -> None:
    engine: Any = Engine()
    move(engine)
    engine.silent = True
    with pytest.raises(HostError, match="is kept until its container is put back"):
        removal.remove(engine, RUN, PolledClock())
    engine.silent = False
    removal.remove(engine, RUN, PolledClock())
    assert engine.app.on == ["mine"] and set(engine.parts) == {"mine"}


def test_one_whose_record_went_with_the_lab_is_put_back_at_once() -> None:
    engine: Any = Engine()
    engine.parts[PLACE.network].meanwhile["connect"] = lambda: record(engine).remove()
    with pytest.raises(HostError, match="could not be moved"):
        move(engine)
    assert engine.app.on == ["mine"]


def test_one_that_was_being_moved_at_ctrl_c_is_put_back_at_once() -> None:
    engine: Any = Engine()

    def interrupt() -> None:
        raise KeyboardInterrupt

    engine.parts[PLACE.network].meanwhile["connect"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        move(engine)
    assert engine.app.on == ["mine"] and not moved_containers.records(engine, RUN)


def test_what_is_kept_of_it_is_what_it_was_on() -> None:
    engine: Any = Engine()
    move(engine)
    before = Before.of(record(engine).attrs["Labels"][moved_containers.BEFORE])
    assert before.endpoints == (Endpoint(network="mine", name="mine"),)


@pytest.mark.parametrize("another", [False, True])
def test_one_whose_network_has_gone_is_told_of_and_the_rest_of_the_lab_is_ended(another: bool) -> None:
    engine: Any = Engine()
    move(engine)
    if another:  # which somebody connected it to since
        engine.add_network("another", {})
        engine.app.on.append("another")
    engine.parts.pop("mine")
    gone, told = removal.remove(engine, RUN, PolledClock()).warnings
    assert gone == "app could not be put back on mine, which has gone"
    assert told == f"app is not part of lab {RUN} and was taken off its networks; it is on " + (
        "another" if another else "none now: docker network connect NETWORK app"
    )
    assert set(engine.parts) == ({"another"} if another else set())
