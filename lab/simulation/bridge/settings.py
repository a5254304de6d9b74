"""The settings of a network connector: `NetworkBridgeConfiguration`, `SimpleDiscoveryAgent`, `TcpTransport`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from lab.activemq.forwarding.settings import Forwarding
from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.configurations.connectors import NetworkConnector, RemoteUri
from lab.base.dataclass import dataclass
from lab.simulation.bridge.reconnecting import Discovery
from lab.simulation.bridge.support import discovery_options, options
from lab.simulation.bridge.values import TRUE
from lab.simulation.kernel import MILLISECOND

BUFFER = 65_536  # bytes: socketBufferSize, which switches Linux's own sizing off


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One address of a connector's uri, with the settings of its connection. Times are in ns."""

    host: str
    port: int
    inactivity: int = 30_000 * MILLISECOND  # maxInactivityDuration; 0: none
    first_check: int = 10_000 * MILLISECOND  # maxInactivityDurationInitalDelay, as it is spelled
    connect_within: int = 30_000 * MILLISECOND  # connectionTimeout: of TCP's connection alone
    buffer: int | None = BUFFER  # None: as the kernel sizes it

    @property
    def url(self) -> str:
        """Return the address without its options."""
        return f"ssl://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """The settings of a network connector and of its duplex responder."""

    name: str
    user: str
    password: str = field(default="", repr=False)
    duplex: bool
    forwarding: Forwarding
    prefetch: int = 1000
    always_sync_send: bool = True
    temporaries: bool = True  # bridgeTempDestinations
    dynamic_only: bool = False
    token: str = "_"  # clientIdToken
    discovery: Discovery = Discovery()
    remotes: tuple[Remote, ...] = ()
    one_after_another: bool = False  # masterslave: one bridge, to the first that answers
    uri: str = ""

    def client_id(self, *parts: str) -> str:
        """Return the client id of one of a bridge's logins."""
        return self.token.join((self.name, *parts))


def settings(connector: NetworkConnector, forwarding: Forwarding, password: Callable[[str], str]) -> ConnectorSettings:
    """Return a connector's settings; `password` returns its user's password."""
    attributes = dict(connector.attributes)
    user = connector.user_name or ""

    def flag(name: str, *, default: bool) -> bool:
        return default if (text := attributes.get(name)) is None else text.strip().lower() in TRUE

    return ConnectorSettings(
        name=connector.name,
        user=user,
        password=password(user),
        duplex=connector.duplex,
        forwarding=forwarding,
        prefetch=int(attributes.get("prefetchSize", 1000)),
        always_sync_send=flag("alwaysSyncSend", default=True),
        temporaries=flag("bridgeTempDestinations", default=True),
        dynamic_only=flag("dynamicOnly", default=False),
        token=attributes.get("clientIdToken", "_"),
        discovery=_discovery(discovery_options(connector.uri or "")),
        remotes=tuple(_remote(each) for each in connector.remotes),
        one_after_another=connector.discovery == "masterslave",
        uri=connector.uri or "",
    )


def _time(written: Mapping[str, str], name: str, default: int) -> int:
    return int(written[name]) * MILLISECOND if name in written else default


def _discovery(written: Mapping[str, str]) -> Discovery:
    usual = Discovery()
    return Discovery(
        initial=_time(written, "initialReconnectDelay", usual.initial),
        longest=_time(written, "maxReconnectDelay", usual.longest),
        multiplier=int(written.get("backOffMultiplier", usual.multiplier)),
        exponential=written.get("useExponentialBackOff", "true").lower() == "true",
        least=_time(written, "minConnectTime", usual.least),
        attempts=int(written.get("maxReconnectAttempts", usual.attempts)),
    )


def _remote(uri: RemoteUri) -> Remote:
    written = options(uri.text)
    usual = Remote(host=uri.host, port=uri.port or OPENWIRE.port)
    return Remote(
        host=usual.host,
        port=usual.port,
        inactivity=_time(written, "wireFormat.maxInactivityDuration", usual.inactivity),
        first_check=_time(written, "wireFormat.maxInactivityDurationInitalDelay", usual.first_check),
        connect_within=_time(written, "connectionTimeout", usual.connect_within),
        buffer=int(written.get("socketBufferSize", BUFFER)) or None,
    )
