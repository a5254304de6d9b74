"""Plans and ends of connections for tests."""

from __future__ import annotations

from lab.check.scenarios import plan_named
from lab.plan.values import Plan
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.connection import Connection

MS = 1_000_000


def planned(name: str = "tokyo-singapore", **set: str) -> Plan:
    """Return the Plan of a shipped scenario; `links__a_b__delay` sets links.a-b.delay."""
    return plan_named(
        name, {}, set={key.replace("__", ".").replace("_", "-"): value for key, value in set.items()}
    ).plan


class End:
    """The owner of an end: notes what it is told, and when, in ms."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.told = kernel, list[tuple[int, object]]()
        self.connection: Connection | None = None

    def _note(self, what: object) -> None:
        self.told.append((self.kernel.now // MS, what))

    @property
    def its(self) -> Connection:
        assert self.connection is not None
        return self.connection

    def accept(self, connection: Connection) -> End:
        self.opened(connection)
        return self

    def opened(self, connection: Connection) -> None:
        self.connection = connection
        self._note("opened")

    def failed(self, why: str) -> None:
        self._note(f"failed: {why}")

    def received(self, frame: object) -> None:
        self._note(frame)

    def closed(self, why: str) -> None:
        self._note(f"closed: {why}")

    @property
    def words(self) -> list[object]:
        return [what for _, what in self.told]
