"""A broker's routes get the congestion control that is asked for, from beside it; what cannot be is refused by name."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from lab.emulation.engine import labels
from lab.emulation.engine.own_container import in_container
from lab.emulation.network.congestion import ROLE, default_here, set_congestion
from lab.errors import HostError
from tests.polled_clock import PolledClock


class Engine:
    """An engine with one broker's container, and those that are made beside it."""

    def __init__(self, default: str = "bbr", *, code: int = 0, told: str = "", runs: bool = True) -> None:
        self._default, self._code, self._told, self._runs = default, code, told, runs
        self.made: list[dict[str, Any]] = []
        self.removed = 0
        self.containers = self

    def get(self, _: str) -> Any:
        its = {labels.RUN: "r", labels.BROKER: "tokyo", labels.ROLE: "broker"}
        return SimpleNamespace(
            id="c1", name="mqlab-r-tokyo", labels=its, status="running" if self._runs else "exited",
            client=SimpleNamespace(api=SimpleNamespace(run=lambda *_: (0, self._default.encode()))),
            reload=lambda: None,
        )  # fmt: skip

    def create(self, image: str, **options: Any) -> Any:
        self.made.append({"image": image, **options})
        return SimpleNamespace(start=self._start, wait=self._wait, logs=self._logs, remove=self._remove)

    def _start(self) -> None:
        if not self._runs:
            raise docker.errors.APIError("cannot join network of a non running container")

    def _wait(self, **_: object) -> dict[str, int]:
        return {"StatusCode": self._code}

    def _logs(self) -> bytes:
        return self._told.encode()

    def _remove(self, **_: object) -> None:
        self.removed += 1


def asked(engine: Any, wanted: str = "cubic") -> None:
    set_congestion(engine, "c1", "router-image", wanted, PolledClock())


def test_a_container_beside_the_broker_makes_its_routes_and_is_removed() -> None:
    engine = Engine()
    asked(engine)
    (made,) = engine.made
    assert (made["image"], made["network_mode"], made["command"]) == ("router-image", "container:c1", ["cubic"])
    assert (made["cap_drop"], made["cap_add"]) == (["ALL"], ["NET_ADMIN"])
    assert made["labels"] == {labels.RUN: "r", labels.ROLE: ROLE}, "it is no broker"
    assert engine.removed == 1


@pytest.mark.parametrize(("default", "wanted"), [("cubic", "cubic"), ("bbr", "bbr"), ("bbr", "host")])
def test_what_the_machine_has_is_left_alone(default: str, wanted: str) -> None:
    engine = Engine(default)
    asked(engine, wanted)
    assert engine.made == []


def test_a_default_that_is_known_is_not_asked_for() -> None:
    class Unasked(Engine):
        def get(self, _: str) -> Any:
            its = super().get(_)
            its.exec_run = None  # no process may be started in it
            return its

    for default, made in (("cubic", 0), ("bbr", 1)):
        engine: Any = Unasked()
        set_congestion(engine, "c1", "router-image", "cubic", PolledClock(), default)
        assert len(engine.made) == made


def test_the_default_is_this_machines_where_the_engines_kernel_is() -> None:
    def default(kernel: str, *, here: bool = True) -> str:
        engine = SimpleNamespace(version=lambda: {"KernelVersion": kernel})
        return default_here(engine, local=here)  # type: ignore[arg-type]

    its_own = Path("/proc/sys/net/ipv4/tcp_congestion_control")
    assert default("6.6.16-linuxkit") == default(platform.release(), here=False) == ""
    known = its_own.read_text().strip() if its_own.exists() and not in_container() else ""
    assert default(platform.release()) == known


def test_a_name_that_the_kernel_lacks_is_refused_by_name() -> None:
    engine = Engine(code=9, told="Error: Unknown tcp congestion algorithm.\nthe kernel has: reno bbr\n")
    with pytest.raises(
        HostError, match=r"mqlab-r-tokyo cannot use the TCP congestion control vegas.*Unknown.*kernel has: reno bbr"
    ) as caught:
        asked(engine, "vegas")
    assert "tcp: host" in str(caught.value)
    assert engine.removed == 1


def test_connections_that_were_there_before_are_told() -> None:
    with pytest.raises(HostError, match="had connections before its TCP used the congestion control cubic"):
        asked(Engine(told="open already\n"))


def test_a_broker_that_has_ended_is_left_to_those_who_wait_for_it() -> None:
    engine = Engine(runs=False)
    asked(engine)
    assert engine.removed == 1
