"""A network connector: it opens bridges, and opens them again: `DiscoveryNetworkConnector`, `SimpleDiscoveryAgent`."""

from __future__ import annotations

from collections.abc import Mapping

from lab.simulation.bridge import sentences
from lab.simulation.bridge.bridge import Bridge
from lab.simulation.bridge.host import Host
from lab.simulation.bridge.openwire import NO_ATTEMPT, OpenWire
from lab.simulation.bridge.sentences import CANCELLED, NOT_CONNECTED, no_attempt
from lab.simulation.bridge.settings import ConnectorSettings, Remote
from lab.simulation.kernel import Timer, cancel
from lab.simulation.tcp.connection import Connection
from lab.simulation.tcp.fabric import Fabric


class Attempt:
    """One try to connect to one address, and the bridge over the connection."""

    def __init__(self, series: Series, remote: Remote, since: int) -> None:
        self._series, self._remote, self._since = series, remote, since
        self._host = series.host
        self.wire = OpenWire(
            self._host.process,
            inactivity=remote.inactivity,
            first_check=remote.first_check,
            on_command=_ignore,
            on_failure=self._on_failure,
        )
        self.received = self.wire.receive  # what comes, with a call less for each
        self.bridge: Bridge | None = None
        self.given_up = False
        self.remote_address = ""

    def opened(self, connection: Connection) -> None:
        """Take the connection."""
        if self.given_up:
            connection.abort()
            return
        address = self._host.address(connection.far.host)
        self.remote_address = f"tcp://{address}:{connection.far.port}"
        self.bridge = self._series.bridge(self, f"ssl://{self._remote.host}/{address}:{self._remote.port}")
        self.wire.on_command = self.bridge.on_command
        self.wire.attach(connection, self.remote_address, since=self._since)

    def failed(self, why: str) -> None:
        """Handle a failed connection; a frozen process does so when it resumes."""
        process = self._host.process
        if not process.running:
            process.hold(self.failed, why)
        elif not self.given_up:
            self._series.unreached(self._remote, why)

    def closed(self, why: str) -> None:
        """Handle the end of the connection."""
        self.wire.lose(why)

    def _on_failure(self, error: str) -> None:
        bridge = self.bridge
        if bridge is None:
            return
        if not bridge.remote_id:  # it has not named itself
            self._host.say(sentences.pending(bridge.remote, error))
            error = CANCELLED
        self._series.lost(bridge, error)
        bridge.lose(error)


class Series:
    """The attempts for one service of the discovery: for one address, or in turn for those of a masterslave list."""

    def __init__(self, connector: Connector, remotes: tuple[Remote, ...]) -> None:
        self.host, self._connector, self._remotes = connector.host, connector, remotes
        self.current: Attempt | None = None
        self._delay: int | None = None
        self._failures = 0
        self._began = 0
        self._place = 0
        self._timer: Timer | None = None
        self._stopped = False

    @property
    def _settings(self) -> ConnectorSettings:
        return self._connector.settings

    @property
    def url(self) -> str:
        """Return the service's address, as the log shows it."""
        if not self._settings.one_after_another:
            return self._remotes[0].url
        return f"failover:({','.join(each.url for each in self._remotes)})?randomize=false&maxReconnectAttempts=0"

    def begin(self) -> None:
        """Connect: `onServiceAdd`."""
        self._timer = None
        self._began, self._place = self.host.process.now, 0
        self.host.say(sentences.establishing(self.host.broker.name, self.url))
        self._try()

    def stand(self, age: int) -> None:
        """Set the next attempt, or the bridge's timers, as if so many more ns had passed."""
        if self._timer is not None and self._delay:
            self._timer = self.host.process.stand(self._timer, self._delay, age)
        elif self.current is not None:
            self.current.wire.stand(age)

    def stop(self) -> None:
        """End the bridge, and try no more."""
        self._stopped = True
        if self._timer is not None:
            cancel(self._timer)
        attempt, self.current = self.current, None
        if attempt is not None:
            attempt.given_up = True
            if attempt.bridge is not None:
                self.lost(attempt.bridge, "java.io.IOException: Bridge stopped")
                attempt.bridge.stop()

    def forget(self) -> None:
        """Stop all activity: the process is gone."""
        self._stopped = True
        if self.current is not None:
            self.current.given_up = True
            self.current.wire.forget()
            if self.current.bridge is not None:
                self.current.bridge.forget()

    def bridge(self, attempt: Attempt, remote: str) -> Bridge:
        """Return the bridge over a connection that has opened."""
        if self._settings.one_after_another:
            remote = self._remotes[self._place].url
            self.host.say(sentences.failover_connected(remote))
        stored = self._connector.stored
        return Bridge(
            self.host,
            self._settings,
            attempt.wire,
            remote=remote,
            by_duplex=False,
            stored=lambda: stored,
            over=self._failed,
        )

    def lost(self, bridge: Bridge, error: str) -> None:
        """Log the loss of the connection, if a list of addresses has its own transport."""
        if self._settings.one_after_another:
            self.host.say(sentences.failover_failed(bridge.remote, error))
            bridge.remote = sentences.UNCONNECTED

    def unreached(self, remote: Remote, why: str) -> None:
        """Try the next address, or wait and begin again."""
        name = self.host.broker.name
        reason = NOT_CONNECTED.get(why, why)
        if self._place + 1 < len(self._remotes):
            self._place += 1
            self._try()
            return
        if self._settings.one_after_another:
            self._exhausted(reason)
        else:
            if why == "silent":
                self.host.say(sentences.pending("ssl://null:0", no_attempt("null")))
            self.host.next_vm(duplex=self._settings.duplex)
            self.host.say(sentences.not_started(name, remote.url, reason))
            self.host.say(sentences.shutting_down(name, self._settings.name))
            self.host.say(sentences.stopped(name, sentences.UNKNOWN))
        self._failed()

    def _exhausted(self, reason: str) -> None:
        """Log that no address of a list answers, after one pass over the list."""
        vm = self.host.next_vm(duplex=self._settings.duplex)
        self.host.say(sentences.failover_exhausted(", ".join(each.url for each in self._remotes)))
        self.host.say(sentences.pending(sentences.UNCONNECTED, f"java.net.ConnectException: {reason}"))
        self.host.say(sentences.remote_error(vm, sentences.UNCONNECTED, CANCELLED))
        self.host.say(sentences.stopped(self.host.broker.name, sentences.UNKNOWN))

    def _try(self) -> None:
        if self._stopped:
            return
        remote = self._remotes[self._place]
        self.current = attempt = Attempt(self, remote, self.host.process.now)
        instance = self._connector.instances.get(remote.host.lower())
        if instance is None:
            self.host.process.after(0, attempt.failed, remote.host)  # UnknownHostException's message
            return
        buffers = None if remote.buffer is None else (remote.buffer, remote.buffer)
        self._connector.fabric.connect(
            self.host.instance,
            instance,
            remote.port,
            attempt,
            within=remote.connect_within,
            buffers=buffers,
            wholly_within=NO_ATTEMPT,
        )

    def _failed(self) -> None:
        """Wait, and begin again: `SimpleDiscoveryAgent.serviceFailed`."""
        if self._stopped:
            return
        self.current = None
        rules, lasted = self._settings.discovery, self.host.process.now - self._began
        self._failures = self._failures + 1 if lasted < rules.least else 0
        if 0 < rules.attempts <= self._failures:
            self.host.say(sentences.disabled(rules.attempts, self.url))
            return
        self._delay = rules.next_delay(self._delay, lasted)
        self._timer = self.host.process.after(self._delay, self.begin)


class Connector:
    """A network connector of a running broker."""

    def __init__(
        self, host: Host, fabric: Fabric, settings: ConnectorSettings, instances: Mapping[str, str], phase: int
    ) -> None:
        self.host, self.fabric, self.settings, self.instances = host, fabric, settings, instances
        self._phase = phase  # ns from the start to the first attempt
        # of the broker's start, also after the connector was stopped: `BrokerService.startNetworkConnector`
        self.stored = host.broker.store.topics()
        self._series: tuple[Series, ...] = ()

    @property
    def bridges(self) -> tuple[tuple[Bridge, str], ...]:
        """Return the ends that are up, each with the other end's address."""
        found = (each.current for each in self._series if each.current is not None)
        return tuple((each.bridge, each.remote_address) for each in found if each.bridge is not None and each.bridge.up)

    def start(self) -> None:
        """Begin to connect."""
        if self._series:
            return
        remotes = self.settings.remotes
        lists = (remotes,) if self.settings.one_after_another else tuple((each,) for each in remotes)
        self._series = tuple(Series(self, each) for each in lists)
        for each in self._series:
            self.host.process.after(self._phase, self._begin, each)
        self._log("started")

    def stand(self, age: int) -> None:
        """Set periodic timers as if so many more ns had passed."""
        for each in self._series:
            each.stand(age)

    def stop(self) -> None:
        """End all bridges, and connect no more."""
        series, self._series = self._series, ()
        for each in series:
            each.stop()
        if series:
            self._log("stopped")

    def forget(self) -> None:
        """Stop all activity: the process is gone."""
        for each in self._series:
            each.forget()

    def remove(self, local_id: str) -> bool:
        """End the demand subscription of that local id, if a bridge of this connector has it."""
        demands = (bridge.demand for bridge, _ in self.bridges)
        return any(demand.remove(local_id) for demand in demands if demand is not None)

    def _begin(self, series: Series) -> None:
        if series in self._series:
            series.begin()

    def _log(self, did: str) -> None:
        self.host.say(sentences.connector(self.settings.name, self.host.broker.name, did))


def _ignore(command: object) -> None:
    """Do nothing: no command comes before there is a bridge."""
