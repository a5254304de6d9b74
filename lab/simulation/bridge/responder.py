"""The broker's side of OpenWire, only for bridges: the part of `TransportConnection` that another broker uses."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.bridge import sentences
from lab.simulation.bridge.bridge import Bridge
from lab.simulation.bridge.commands import (
    Advisory,
    BrokerInfo,
    DurableSubscriptions,
    Failure,
    Follow,
    Forwarded,
    Login,
    Response,
    Shutdown,
)
from lab.simulation.bridge.host import Host
from lab.simulation.bridge.openwire import OpenWire
from lab.simulation.bridge.sentences import END_OF_STREAM, exception
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.session import Refused, Session
from lab.simulation.kernel import MILLISECOND
from lab.simulation.protocols.sentences import transport_failed
from lab.simulation.tcp.connection import Connection, SilentPeer

_AT_LEISURE = 2_000 * MILLISECOND  # `delayedStop`, after a login that was refused


class Responder(SilentPeer):
    """One connection that another broker has opened."""

    def __init__(self, host: Host, connection: Connection, others: dict[Responder, None]) -> None:
        self.host, self._others = host, others
        self.connection = connection
        self.address = f"tcp://{host.address(connection.far.host)}:{connection.far.port}"
        self.wire = OpenWire(
            host.process,
            inactivity=30_000 * MILLISECOND,
            first_check=10_000 * MILLISECOND,
            on_command=self._on_command,
            on_failure=self._on_failure,
        )
        self.bridge: Bridge | None = None
        self.key = ""  # of a duplex bridge: one connector of one broker
        self.ended = False
        self._session: Session | None = None
        self._unfollow: Callable[[], None] = lambda: None
        others[self] = None
        self.wire.attach(connection, self.address, since=host.process.now)
        self.wire.send(BrokerInfo(host.broker.id, host.broker.name))

    def received(self, frame: object) -> None:
        """Take a frame that has arrived."""
        self.wire.receive(frame)

    def closed(self, why: str) -> None:
        """Handle the end of the connection."""
        self.wire.lose(why)

    def stop(self) -> None:
        """End the connection in order."""
        if self.ended:
            return
        self.ended = True
        self._others.pop(self, None)
        self._unfollow()
        if self.bridge is not None:
            self.bridge.stop()
        if self._session is not None:
            self._session.close()
        self.wire.send(Shutdown())
        self.wire.close()

    def forget(self) -> None:
        """Stop all activity: the process is gone."""
        self.ended = True
        self.wire.forget()
        if self.bridge is not None:
            self.bridge.forget()

    def _on_failure(self, error: str) -> None:
        if self.bridge is not None:
            self.bridge.lose(error)
        elif error != END_OF_STREAM:
            self.host.say(transport_failed(self.address, sentences.message(error)))
        self.stop()

    def _on_command(self, command: object) -> None:
        if self.ended:
            return
        if isinstance(command, BrokerInfo) and (its := command.settings) and its.forwarding.sync_durable_subs:
            self.wire.send(DurableSubscriptions(self.host.durable_subscriptions(its)))  # before any login
        match command:
            case BrokerInfo(settings=settings) if settings is not None and settings.duplex:
                self._begin(command)
            case Login():
                self._log_in(command)
            case _ if self.bridge is not None:
                self.bridge.on_command(command)
            case Follow() if self._session is not None:
                self._follow(self._session)
            case Forwarded():
                self._take(command)
            case Shutdown():
                self.stop()

    def _begin(self, info: BrokerInfo) -> None:
        """Become the responder's end of a duplex bridge, instead of an older one: `processBrokerInfo`."""
        assert info.settings is not None
        self.key = f"{info.settings.name}@{info.id}"
        for each in tuple(self._others):
            if each is not self and each.key == self.key:
                self.host.say(sentences.replaced(each.address, self.key))
                each.stop()
        remote = f"tcp:///{self.address.removeprefix('tcp://')}@{self.connection.near.port}"
        stored = self.host.broker.store.topics  # now; an initiator's are those of its broker's start
        self.bridge = Bridge(
            self.host, info.settings, self.wire, remote=remote, by_duplex=True, stored=stored, over=self.stop
        )
        self.host.say(sentences.answered(self.key))
        self.host.process.after(MILLISECOND, self.bridge.meet, info)  # in a thread of its own: the login comes first

    def _log_in(self, login: Login) -> None:
        """Log in the initiator: `processAddConnection`."""
        try:
            self._session = self.host.broker.login(
                login.user,
                login.password,
                login.client_id,
                self.address,
                connector="openwire",
                network=True,
                ended=lambda words: self.stop(),
            )
        except Refused as refusal:
            error = exception(refusal.words)
            self.host.process.after(_AT_LEISURE, self._stop_late, refusal.words)
            if self.bridge is not None:
                self.bridge.remote_error(error)
                return
            self.host.say(sentences.asynchronous_error())
            self.wire.send(Failure(error))

    def _follow(self, session: Session) -> None:
        try:
            self._unfollow = self.host.broker.follow_consumers(self._tell, self._tell_forgotten, by=session)
        except Refused as refusal:
            self.host.say(sentences.asynchronous_error())
            self.wire.send(Failure(exception(refusal.words)))

    def _stop_late(self, reason: str) -> None:
        self.host.say(sentences.refused_connection(self.address, reason))
        self.stop()

    def _tell(self, info: ConsumerInfo, came: bool) -> None:
        if not self.ended:
            self.wire.send(Advisory(info, came))

    def _tell_forgotten(self, client: str, name: str) -> None:
        gone = ConsumerInfo(id="", client=client, destination="", prefetch=0, durable=name)
        if not self.ended:
            self.wire.send(Advisory(gone, came=False, forgotten=True))

    def _take(self, command: Forwarded) -> None:
        """Take a message that a one-way bridge forwards."""
        number = command.number
        if self._session is None:
            return

        def done(refusal: str | None) -> None:
            if not self.ended and number is not None:
                self.wire.send(Response(number, refusal or ""))

        self.host.broker.send(command.message, done, self._session)
