"""Waits until a part of the lab is ready: the router, a link as configured, a broker, a working bridge, a console.

An open port or a bridge's MBean proves nothing; each wait tests the function itself. A timeout error has the awaited
condition, the time waited and the last log lines.
"""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from pathlib import Path

import docker.errors
import httpx

import docker
from lab.activemq.log_lines import read
from lab.activemq.protocols import OPENWIRE
from lab.emulation.brokers.vaults import mask_of
from lab.emulation.check_names import LINK, PORTS, ROUTE, ROUTER, see
from lab.emulation.engine.logs import whole_lines
from lab.emulation.network.router import READY, Router
from lab.emulation.network.subnets import of_route_word
from lab.emulation.state import InstanceState, LabState
from lab.emulation.watch.management import Management
from lab.errors import BrokerError, HostError, LabTimeout
from lab.link.impairment import LinkState
from lab.network.reach import reach
from lab.plan.values import BridgePlan, LinkPlan, Plan
from lab.runtime.clock import Clock
from lab.runtime.patience import BRIDGE_PATIENCE, BROKER_PATIENCE

ROUTER_PATIENCE = 30.0  # seconds
REACHED_WITHIN = 30.0  # after its log says that it has started: its management answers before that
CONSOLE_PATIENCE = 60.0
PROBES = 20
_PROBE_BITS = 8 * 40
LINK_PATIENCE = 15.0  # every core is busy starting brokers, and packets are late until they have started
_LAST_LINES = 12
_READ_LINES = 400
HAS_THE_LOCK = re.compile(r"Apache ActiveMQ .* \(.*\) is starting")
# An entry point that has started no broker ends so, with this as its last line; what a broker logs is neither.
_NO_START = 78
_NOT_STARTED = re.compile(
    r"mqlab: not started: the router is (?P<router>[0-9A-F]{8}), and the ways out are:(?P<ways>(?: [0-9A-F]{8})*)"
)
HAS_STARTED = re.compile(r"Apache ActiveMQ .* \(.*\) started")
_FRAME = re.compile(r"\s+(at |\.\.\. \d+ more)")
_POLL_SECONDS = 0.1
_POLL_BRIDGE = 0.02  # people wait for the lab to open
_ASK_BRIDGE_EVERY = 0.5  # before the log reports a bridge: a query takes a core from brokers that connect
_ESTABLISHED = "has been established"
_LOGS_EVERY = 2.0
_STATUS_EVERY = 0.5  # while they start, brokers need every core, and the engine's answers take part of one

_OF_A_BRIDGE = re.compile(
    r"DemandForwardingBridgeSupport \||\w*NetworkConnector \||"
    r"TransportConnection \| Failed to add Connection id=[^ ,]*->"
)
# Log lines of either end that mean that a bridge will never come up by itself, in the order of testing.
_CAUSES = (
    (re.compile(r"PKIX path building failed"), "the peer's certificate is not trusted"),
    (re.compile(r"No subject alternative"), "the peer's certificate is for another host name"),
    (re.compile(r"trustAnchors parameter must be non-empty"), "the trust store is empty"),
    (re.compile(r"password is invalid"), "a broker refused the connector's user or password"),
    (re.compile(r"not authorized to"), "the connector's user lacks a right"),
)


def for_router(client: docker.DockerClient, container: str, clock: Clock) -> None:
    """Return once the router reports that its rules, links and addresses are in place; raise HostError if it ends."""
    its = client.containers.get(container)

    def settled() -> bool:
        its.reload()
        return READY.encode() in its.logs() or its.status in ("exited", "dead")

    if not _wait(clock, settled, ROUTER_PATIENCE) or READY.encode() not in its.logs():
        raise HostError(f"the router did not start:\n{last_lines(client, container)}", see(ROUTER))


def for_link(router: Router, plan: LinkPlan, clock: Clock, patience: float = LINK_PATIENCE) -> str:
    """Measure the round trip through a link and return it in words; raise HostError if it is not as configured."""
    if any(direction.state != LinkState.OPEN for direction in plan.directions):
        return "not open: not measured"
    configured = sum(direction.impairment.delay.total_seconds() * 1000 for direction in plan.directions)
    if any(direction.impairment.loss >= 1 for direction in plan.directions):
        return "loses all packets: not measured"
    spread = sum(direction.impairment.jitter.total_seconds() * 1000 for direction in plan.directions)
    # At a low rate, probes wait for each other.
    turns = sum(PROBES * _PROBE_BITS / d.impairment.rate * 1000 for d in plan.directions if d.impairment.rate)
    tolerance = 1.0 + 0.02 * configured + spread + turns
    measured = math.nan
    first = router.first_probes(plan.name)

    def fits() -> bool:
        nonlocal measured, first
        answer, first = first or router.probe(plan.name, PROBES), None
        if answer["lost"] < answer["count"]:
            measured = answer["rtt_us"]["p50"] / 1000
        return abs(measured - configured) <= tolerance

    if _wait(clock, fits, patience):
        return f"round trip {measured:.1f} ms measured, {configured:.1f} ms configured"
    if math.isnan(measured):
        raise HostError(
            f"link {plan.name}: none of {PROBES} probes came back",
            see(LINK),
        )
    raise HostError(
        f"link {plan.name}: the measured round trip is {measured:.1f} ms, the configured one {configured:.1f} ms",
        f"this machine may be busy: try again later\n{see(LINK)}",
    )


def for_lock(client: docker.DockerClient, name: str, container: str, clock: Clock) -> None:
    """Return once an instance of a pair has its store's lock, or has ended, which `for_instance` reports."""
    its = client.containers.get(container)

    def settled() -> bool:
        its.reload()
        return its.status in ("exited", "dead") or any(
            HAS_THE_LOCK.search(line) for line in its.logs().decode(errors="replace").splitlines()
        )

    if not _wait(clock, settled, BROKER_PATIENCE):
        lines = last_lines(client, container)
        raise LabTimeout(
            f"broker {name} did not get its store's lock within {BROKER_PATIENCE:.0f} s; its last lines:\n{lines}"
        )


def wrong_way_out(name: str, routers: Sequence[IPv4Address], router: IPv4Address) -> HostError:
    """Return the error for a broker that has other default routes than the router.

    An engine that ignores the networks' default gateway would let brokers bypass all policy, through the host.
    """
    ways = " and ".join(map(str, routers)) or "nowhere"
    return HostError(
        f"the engine gave broker {name} the default route {ways} instead of the router's {router}: "
        "its packets would bypass all policies and links, so the lab is closed at once",
        f"use a Docker engine, 20.10 or newer, that keeps a network's DefaultGatewayIPv4\n{see(ROUTE)}",
    )


def for_instance(
    client: docker.DockerClient, management: Management, instance: InstanceState, folder: str, clock: Clock
) -> None:
    """Return once an instance's management reports that it has started, with all its connectors, or waits as a standby.

    Raise BrokerError if it ends, and LabTimeout if it does neither in time. Raise HostError if its log shows that it
    has started and nothing answers here, or that it has a way out past the router.
    """
    looked = asked = since = math.nan

    def started() -> bool:
        nonlocal looked, asked, since
        if management.is_ready(instance):
            return True
        now = clock.now()
        if now - asked < _STATUS_EVERY:
            return False
        asked = now
        its = client.containers.get(instance.container)
        if its.status in ("exited", "dead"):
            last = _log(client, instance.container).rstrip("\n").rpartition("\n")[2]
            if its.attrs["State"]["ExitCode"] == _NO_START and (refused := _NOT_STARTED.fullmatch(last)):
                ways = [of_route_word(word) for word in refused["ways"].split()]
                raise wrong_way_out(instance.name, ways, of_route_word(refused["router"]))
            lines = last_lines(client, instance.container)
            raise BrokerError(
                f"broker {instance.name} stopped while starting; its last lines:\n{lines}",
                f"its configuration: {folder}/brokers/{instance.broker}/activemq.xml\n"
                f"its whole log:     {folder}/logs/{instance.name}.log",
            )
        if not now - looked < _LOGS_EVERY:
            looked = now
            if math.isnan(since) and HAS_STARTED.search(_log(client, instance.container)):
                since = now
        if now - since > REACHED_WITHIN:
            raise HostError(
                f"broker {instance.name} has started, but this machine cannot reach it: nothing answers at "
                f"{management.reached_at}:{instance.management_port}, which the engine should forward to the broker",
                "check the engine's userland proxy, and firewalls in between. If the engine is on another machine, "
                "set MQLAB_BIND to an address that leads there\n"
                f"{see(PORTS)}\nits whole log:     {folder}/logs/{instance.name}.log",
            )
        return False

    if not _wait(clock, started, BROKER_PATIENCE):
        lines = last_lines(client, instance.container)
        raise LabTimeout(
            f"broker {instance.name} did not start within {BROKER_PATIENCE:.0f} s; its last lines:\n{lines}"
        )


def for_bridge(
    client: docker.DockerClient, state: LabState, management: Management, bridge: BridgePlan, clock: Clock
) -> str:
    """Wait until a bridge works and return ""; return the cause if it does not, which is not an error."""
    if bridge.instances and management.active(bridge.responder) not in bridge.instances:
        return why_not_active(bridge)
    why = ""
    asked_logs, asked = clock.now(), -math.inf
    initiators = [its.container for its in state.brokers[bridge.initiator].instances]

    def settled() -> bool:
        nonlocal why, asked_logs, asked
        now = clock.now()
        if now - asked < _ASK_BRIDGE_EVERY and not any(_ESTABLISHED in _log(client, each) for each in initiators):
            return False
        asked = now
        if management.bridge_is_up(bridge):
            return True
        if clock.now() - asked_logs > _LOGS_EVERY:
            asked_logs = clock.now()
            why = cause(client, state, bridge)
        return bool(why)

    if not _wait(clock, settled, BRIDGE_PATIENCE, _POLL_BRIDGE):
        return f"not up after {BRIDGE_PATIENCE:.0f} s"
    return why


def why_not_active(bridge: BridgePlan) -> str:
    """Return words for a bridge that names only a standby of a pair."""
    named = " and ".join(str(each) for each in bridge.instances)
    return f"{bridge.connector} names only instance {named} of {bridge.responder}, which is not the active one"


def for_console(name: str, host: str, port: int, ca_file: Path, clock: Clock) -> None:
    """Return once a broker's web console answers; it refuses a request without login, which is an answer too."""
    trusted = ssl.create_default_context(cafile=str(ca_file))

    def answers() -> bool:
        try:
            httpx.get(f"https://{host}:{port}/admin/", verify=trusted, timeout=5.0, trust_env=False)
        except httpx.TransportError:
            return False
        return True

    if not _wait(clock, answers, CONSOLE_PATIENCE):
        raise LabTimeout(f"the web console of broker {name} did not answer within {CONSOLE_PATIENCE:.0f} s")


def cause(client: docker.DockerClient, state: LabState, bridge: BridgePlan) -> str:
    """Return why a bridge is refused, from both ends' logs; "" if they do not show it."""
    for broker in (bridge.initiator, bridge.responder):
        for its in state.brokers[broker].instances:
            lines = [line for line in _log(client, its.container).split("\n") if _is_of_a_bridge(line)]
            for pattern, meaning in _CAUSES:
                if any(map(pattern.search, lines)):
                    return f"{meaning} (log of {its.name})"
    return ""


def recent_lines(client: docker.DockerClient, state: LabState, broker: str) -> list[str]:
    """Return the last lines of the logs of a broker's instances."""
    return [line for its in state.brokers[broker].instances for line in _log(client, its.container).splitlines()]


def _is_of_a_bridge(line: str) -> bool:
    """Return whether a bridge logged a line, or a broker of a bridge's connection; clients are refused too."""
    said = read(line)
    return said is not None and _OF_A_BRIDGE.match(said.text) is not None


def why_unreachable(plan: Plan, bridge: BridgePlan) -> str:
    """Return the rule of the plan's network that stops a bridge; "" if the bridge can open."""
    near, far = plan.broker(bridge.initiator).instances, plan.broker(bridge.responder).instances
    found = [reach(plan.network, one.name, other.name, OPENWIRE.port) for one in near for other in far]
    return "" if any(each.yes for each in found) else found[0].reason


def _log(client: docker.DockerClient, container: str) -> str:
    try:
        return client.containers.get(container).logs(tail=200).decode(errors="replace")
    except docker.errors.NotFound:
        return ""  # its broker was deleted


def last_lines(client: docker.DockerClient, container: str) -> str:
    """Return a container's last log lines, indented: without passwords, and without frames, which would fill them."""
    try:
        its = client.containers.get(container)
        lines = [mask_of([its]).text(line) for line in whole_lines([its.logs(tail=_READ_LINES)])]
    except docker.errors.APIError as error:
        return f"    (its log cannot be read: {error.explanation or error})"
    said = [line for line in lines if not _FRAME.match(line)]
    return "\n".join(f"    {line}" for line in said[-_LAST_LINES:])


def _wait(clock: Clock, until: Callable[[], bool], seconds: float, every: float = _POLL_SECONDS) -> bool:
    began = clock.now()
    deadline = began + seconds
    while not until():
        now = clock.now()
        if now > deadline:
            return False
        # The condition can only be polled. Where many labs open at once a look takes long, and keeps brokers from
        # starting: half of the time is left to them.
        clock.sleep(max(every, now - began))
        began = clock.now()
    return True
