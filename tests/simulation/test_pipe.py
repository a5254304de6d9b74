"""A connection opens, carries frames in order, and ends at both ends."""

from __future__ import annotations

from lab.simulation.kernel import Kernel
from lab.simulation.tcp.connection import INTERNET, Address, Connection
from lab.simulation.tcp.fabric import Fabric

MS = 1_000_000


class End:
    """The owner of an end: notes what it is told, and when."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.told = kernel, list[tuple[int, object]]()
        self.connection: Connection | None = None

    def _note(self, what: object) -> None:
        self.told.append((self.kernel.now // MS, what))

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

    def drained(self) -> None:
        self._note("drained")

    def closed(self, why: str) -> None:
        self._note(f"closed: {why}")


def test_a_connection_from_its_handshake_to_its_end() -> None:
    kernel = Kernel()
    fabric = Fabric(kernel, lambda source, target: 35 * MS)
    client, server = End(kernel), End(kernel)
    fabric.listen("tokyo", 61617, server.accept)
    fabric.connect(INTERNET, "tokyo", 61617, client, within=1000 * MS)
    kernel.sleep(200 * MS)
    assert client.connection is not None and server.connection is not None
    assert client.connection.far == Address("tokyo", 61617) == server.connection.near
    assert client.connection.near == server.connection.far
    for each in "ab":
        client.connection.send(each, 100)
    kernel.sleep(100 * MS)
    server.connection.close()
    kernel.sleep(100 * MS)
    assert client.told == [(140, "opened"), (235, "drained"), (335, "closed: closed")]
    assert server.told == [(175, "opened"), (235, "a"), (235, "b")]


def test_a_port_on_which_nobody_listens_refuses() -> None:
    kernel = Kernel()
    client = End(kernel)
    Fabric(kernel, lambda source, target: 35 * MS).connect("a", "b", 61617, client, within=1000 * MS)
    kernel.sleep(100 * MS)
    assert client.told == [(70, "failed: refused")]
