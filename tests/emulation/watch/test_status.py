"""The status of a broker whose container ends, or goes, while it is looked at."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from lab.emulation.state import read
from lab.emulation.watch.status import look
from tests.command import Commands
from tests.living.notes import noted


class Ending:
    """An engine with one container, which runs when it is asked for, and has ended or gone when its use is."""

    def __init__(self, then: str) -> None:
        self.containers, self.status, self._then = self, "running", then
        self.attrs: dict[str, Any] = {"State": {}}

    def list(self, **_: Any) -> list[Any]:
        return []

    def get(self, _: str) -> Ending:
        return self

    def stats(self, **_: Any) -> Any:
        return json.loads("")  # as the engine's library does: the answer is empty

    def logs(self, **_: Any) -> bytes:
        return b""

    def reload(self) -> None:
        if self._then == "gone":
            raise NotFound("no such container")
        self.status = self._then


@pytest.mark.parametrize("then", ["exited", "gone"])
def test_a_container_that_ends_while_it_is_looked_at_is_told_as_that(tmp_path: Path, then: str) -> None:
    note = noted(Commands(folder=tmp_path), "20261127-120000-abcdef")
    nothing: Any = SimpleNamespace(bridges=lambda: (), bridge_is_up=lambda _: False)
    engine: Any = Ending(then)
    seen = look(engine, note, read(note), nothing, nothing, lambda: ())
    assert {each.container for each in seen.brokers} == {then}
