"""Plan → a living lab: every action of the Plan done in order, what may run side by side doing so.

What is opened is closed again, also when opening fails half way; a failing close never hides the first error.
"""

from __future__ import annotations

import logging
import random
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Event

import docker.errors
from pydantic import SecretStr

import docker
from lab.activemq.protocols import CONSOLE, ENDPOINTS, JOLOKIA_PORT
from lab.amazonmq.files.broker_files import KEY_STORE, TRUST_STORE, BrokerFile, BrokerSecrets, broker_files
from lab.amazonmq.files.certificates import LabAuthority
from lab.amazonmq.files.vault import Vault
from lab.emulation.brokers.containers import make_store, start_broker
from lab.emulation.clock import RealClock
from lab.emulation.engine import engine, labels, logs, sweeping
from lab.emulation.engine.containers import Endpoint
from lab.emulation.images.images import Images
from lab.emulation.lab import EmulatedLab
from lab.emulation.network import networks
from lab.emulation.network.networks import LabNetwork
from lab.emulation.network.policy import policy
from lab.emulation.network.router import Published, start_router
from lab.emulation.state import NAME, BrokerState, InstanceState, LabState
from lab.emulation.watch import readiness
from lab.errors import HostError, LabError
from lab.interrupts import uninterrupted
from lab.network.reach import reach
from lab.network.vpc import INTERNET
from lab.plan.control import opening_control
from lab.plan.values import Action, BrokerPlan, InstancePlan, Plan
from lab.runtime import note as notes
from lab.runtime.clock import Origin, boot
from lab.runtime.note import Note
from lab.runtime.owner import Owner
from lab.runtime.progress import Progress
from lab.runtime.turns import turn

Passwords = Mapping[str, Mapping[str, SecretStr]]  # broker → user → password
FIRST_PUBLISHED = 20000  # on the router, inside the lab
_HOST_PORTS = range(20000, 32000)
_PORT_TRIES = 5
_TAKEN = "port is already allocated"  # the engine's words


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that opening needs beside the Plan."""

    client: docker.DockerClient
    images: Mapping[str, Images]  # ActiveMQ version → images
    pool: IPv4Network
    note_folder: Path
    run: str
    scenario: str
    folder: Path  # the run folder
    passwords: Passwords
    detached: bool = False
    replaying: bool = False  # a scenario's steps are what changes it, and nothing else does
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down
    service_time: datetime | None = None  # where the service's clock begins; at the machine's time when left out


@contextmanager
def open_lab(plan: Plan, opening: Opening, progress: Progress) -> Iterator[EmulatedLab]:
    """Open a lab and close it at the end; a detached one is left alone once it stands."""
    with ExitStack() as closing:
        closing.push(_Closing(opening))
        opened = _Opened(plan, opening, closing)
        with turn(opening.run, opening.note_folder):
            for action in plan.actions:
                with progress.stage(f"{action.does} {action.to}"):
                    opened.do(action, progress)
            lab = opened.lab
            opening.client.containers.get(lab.state.router).rename(labels.router_name(opening.run))
        with ExitStack() as leaving:
            leaving.callback(lab.let_go)
            if opening.detached:
                closing.pop_all()  # it stands: from here on only `mqlab down` ends it
            yield lab


class _Closing:
    """Closes a lab at the end of its block; what fails then never hides what had failed before."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        opening = self._opening
        try:
            with engine.explained():
                close_lab(opening.client, opening.run, opening.folder, opening.note_folder)
        except (LabError, docker.errors.DockerException, OSError) as closing:
            if error is None:
                raise
            error.add_note(f"and the lab could not be closed: {closing}")
            logging.getLogger(__name__).error("the lab could not be closed: %s", closing)


def close_lab(client: docker.DockerClient, run: str, folder: Path, note_folder: Path) -> int:
    """Save the logs of a lab and remove everything of it; gives how many things were removed."""
    with uninterrupted():
        try:
            logs.save(client, run, folder / "logs")
        finally:
            removed = sweeping.remove(client, run)
            notes.forget(run, note_folder)
    return removed


class _Opened:
    """A lab while it is being opened; each kind of action is one method."""

    def __init__(self, plan: Plan, opening: Opening, closing: ExitStack) -> None:
        self._plan = plan
        self._opening = opening
        self._owner = Owner.current()
        self._labels = labels.of_lab(opening.run, self._owner, detached=opening.detached)
        self._began, self._origin = datetime.now(UTC), Origin(boot=boot(), monotonic=RealClock().origin)
        self._authority = LabAuthority.create(self._began)
        self._secrets = {broker.name: _secrets(opening.passwords[broker.name]) for broker in plan.brokers}
        starts = opening.service_time
        ahead = timedelta(0) if starts is None else starts.astimezone(UTC) - self._began
        self._control = opening_control(plan, self._began, ahead=ahead)
        records = (*self._control.account.brokers, *(record for record, _ in self._control.later))
        self._vaults = {each.name: Vault.of(self._secrets[each.name], each.passwords) for each in records}
        self._networks: Mapping[str, LabNetwork] = {}
        self._starting: dict[str, Future[str]] = {}  # the router, and each instance by its name
        self._asked: dict[str, Event] = {}  # set when the engine is asked: the router, and each first instance
        self._standbys: dict[str, Callable[[], str]] = {}
        self._lab: EmulatedLab | None = None
        # Nothing may still be starting when the closing begins to remove.
        self._pool = closing.enter_context(ThreadPoolExecutor(max_workers=2 + len(_instances(plan))))
        self._ports = _free_ports(len(_instances(plan)) * (len(ENDPOINTS) + 1))
        self._does: Mapping[str, Callable[[str], str | None]] = {
            "create-network": self._create_network,
            "start-router": self._start_router,
            "prepare-broker": self._prepare_broker,
            "start-broker": self._start_broker,
            "start-standby": self._start_standby,
            "check-link": self._check_link,
            "await-broker": self._await_broker,
            "await-bridge": self._await_bridge,
            "await-console": self._await_console,
        }

    @property
    def lab(self) -> EmulatedLab:
        """Return the lab, once everything has been started."""
        if self._lab is None:
            self._lab = self._assemble()
        return self._lab

    def do(self, action: Action, progress: Progress) -> None:
        """Do one action of the Plan; what it has to say about it goes to the progress."""
        if note := self._does[action.does](action.to):
            progress.say(note)

    def _create_network(self, name: str) -> str:
        if not self._networks:  # the first such action claims those of all regions, since hosts know each other
            # In the pool, so that an interruption waits for what the engine has been asked for, and then removes it.
            self._networks = self._pool.submit(self._claimed, [region.name for region in self._plan.regions]).result()
        return f"really {self._networks[name].subnet.network}"

    def _claimed(self, wanted: Sequence[str]) -> Mapping[str, LabNetwork]:
        opening, regions = self._opening, [region.name for region in self._plan.regions]
        dice = random.Random(opening.run)
        claimed = networks.claim(opening.client, opening.run, regions, opening.pool, self._labels, dice, wanted=wanted)
        return {network.region: network for network in claimed}

    def _start_router(self, _: str) -> None:
        image = next(iter(self._opening.images.values())).router
        behind = tuple(self._asked.values())
        self._starting["router"] = self._asking("router", partial(self._router_started, image, behind=behind))

    def _router_started(self, image: str, asked: Event, *, behind: Sequence[Event]) -> str:
        """Start the router; where another lab was quicker to take one of its ports, with others."""
        opening = self._opening
        # The router alone is on it: the brokers are started meanwhile.
        self._networks = {**self._networks, **self._claimed([networks.INTERNET])}
        for left in reversed(range(_PORT_TRIES)):
            try:
                return start_router(
                    opening.client,
                    image,
                    opening.run,
                    tuple(self._networks.values()),
                    self._published(),
                    self._plan.links,
                    self._plan.seed,
                    policy(self._plan.network, {its.name: self._address(its) for _, its in _instances(self._plan)}),
                    self._labels,
                    asked,
                    behind,
                )
            except HostError as error:
                if not left or _TAKEN not in str(error):
                    raise
                self._ports = _free_ports(len(self._ports))
        raise AssertionError("the last try returns or raises")

    def _start_broker(self, name: str) -> None:
        plan = self._plan.broker(name)
        hosts = {its.host_name: self._address(its) for _, its in _instances(self._plan)}
        files = self._files(plan)

        def start(its: InstancePlan, asked: Event | None = None, behind: Sequence[Event] = ()) -> str:
            endpoint = Endpoint(network=self._networks[plan.region].name, address=self._address(its))
            image = self._opening.images[plan.activemq_version].broker
            return start_broker(client, image, run, plan, its, endpoint, hosts, files, self._labels, asked, behind)

        client, run, (first, *others) = self._opening.client, self._opening.run, plan.instances
        if others:
            make_store(client, run, name, self._labels)
        self._starting[first.name] = self._asking(first.name, partial(start, first, behind=self._before(name)))
        for its in others:
            self._standbys[its.name] = partial(start, its) if plan.later else partial(self._behind, first, its, start)

    def _prepare_broker(self, name: str) -> None:
        """Make what is started later: one container for each instance, its files in it, and nothing runs."""
        self._start_broker(name)
        for its in self._plan.broker(name).instances[1:]:
            self._starting[its.name] = self._pool.submit(self._standbys[its.name])

    def _asking(self, name: str, start: Callable[[Event], str]) -> Future[str]:
        """Begin to start something; others may go on behind it when the engine is asked, or it came to nothing."""
        asked = self._asked[name] = Event()

        def started() -> str:
            try:
                return start(asked)
            finally:
                asked.set()

        return self._pool.submit(started)

    def _before(self, broker: str) -> Sequence[Event]:
        """Return what the engine is asked for before a broker whose connectors call others.

        A connector that is refused tries again only after a second, so those get a little ahead: the time that it takes
        to come to the router.
        """
        called = [bridge.responder for bridge in self._plan.bridges if bridge.initiator == broker]
        firsts = [self._plan.broker(name).instances[0].name for name in dict.fromkeys(called)]
        found = [self._asked[name] for name in firsts if name in self._asked]
        return [*found, self._asked["router"]] if found else []

    def _start_standby(self, instance: str) -> None:
        self._starting[instance] = self._pool.submit(self._standbys[instance])

    def _behind(self, first: InstancePlan, its: InstancePlan, start: Callable[[InstancePlan], str]) -> str:
        """Start an instance when the first one has the store's lock: who begins as the active one is no chance."""
        readiness.for_lock(self._opening.client, first.name, self._starting[first.name].result())
        return start(its)

    def _check_link(self, name: str) -> str:
        return readiness.for_link(self.lab.router, self._plan.link(name))

    def _await_broker(self, name: str) -> None:
        for its in self.lab.state.brokers[name].instances:
            readiness.for_instance(self._opening.client, self.lab, its)

    def _await_bridge(self, connector: str) -> str:
        bridges = [bridge for bridge in self._plan.bridges if bridge.connector == connector]
        if closed := [words for each in bridges if (words := readiness.no_way(self._plan, each))]:
            return "; ".join(f"NOT UP: {words}" for words in closed)
        causes = [readiness.for_bridge(self._opening.client, self.lab, bridge) for bridge in bridges]
        return "; ".join(f"NOT UP: {cause}" for cause in causes if cause)

    def _await_console(self, name: str) -> str | None:
        found = reach(self._plan.network, INTERNET, self._plan.broker(name).instances[0].name, CONSOLE.port)
        if not found.yes:
            return f"not from here: {found.words}"
        its = self.lab.state.brokers[name].first
        readiness.for_console(name, its.ports[CONSOLE.name], Path(self.lab.state.ca_file))
        return None

    def _assemble(self) -> EmulatedLab:
        opening = self._opening
        # A router that is not ready drops what a broker is asked, and TCP asks again only after 1, 3 and 7 s.
        readiness.for_router(opening.client, self._starting["router"].result())
        ca_file = opening.folder / "ca.pem"
        ca_file.write_bytes(self._authority.ca_pem())
        where = LabState(
            ca_file=str(ca_file),
            router=self._starting["router"].result(),
            networks={name: str(network.subnet.network) for name, network in self._networks.items()},
            brokers={
                broker.name: BrokerState(
                    instances=tuple(self._instance_state(broker.name, its) for its in broker.instances),
                    management_password=self._secrets[broker.name].jolokia,
                )
                for broker in self._plan.brokers
            },
            engine=engine.identity(opening.client),
        )
        note = Note(
            run=opening.run,
            scenario=opening.scenario,
            plan=self._plan,
            control=self._control,
            folder=str(opening.folder),
            owner=str(self._owner),
            detached=opening.detached,
            replaying=opening.replaying,
            reboot_time=opening.reboot_time,
            opened=self._began,
            origin=self._origin,
            runtime=NAME,
            own=where.to_dict(),
        )
        notes.save(note, opening.note_folder)
        return EmulatedLab(opening.client, note, vaults=self._vaults, note_folder=opening.note_folder)

    def _instance_state(self, broker: str, its: InstancePlan) -> InstanceState:
        return InstanceState(
            broker=broker,
            name=its.name,
            number=its.number,
            container=self._starting[its.name].result(),
            address=self._address(its),
            ports={endpoint.name: self._host_port(its, endpoint.port) for endpoint in ENDPOINTS},
            management_port=self._host_port(its, JOLOKIA_PORT),
        )

    def _address(self, its: InstancePlan) -> str:
        regions = {each.name: region for region, each in _instances(self._plan)}
        here = [name for name, region in regions.items() if region == regions[its.name]]
        return str(self._networks[regions[its.name]].subnet.broker(here.index(its.name)))

    def _published(self) -> tuple[Published, ...]:
        inside = [(its, port) for _, its in _instances(self._plan) for port in _broker_ports()]
        return tuple(
            Published(
                host_port=self._host_port(its, port),
                router_port=FIRST_PUBLISHED + index,
                address=self._address(its),
                broker_port=port,
            )
            for index, (its, port) in enumerate(inside)
        )

    def _host_port(self, its: InstancePlan, port: int) -> int:
        names = [other.name for _, other in _instances(self._plan)]
        ports = _broker_ports()
        return self._ports[names.index(its.name) * len(ports) + ports.index(port)]

    def _files(self, broker: BrokerPlan) -> tuple[BrokerFile, ...]:
        own = self._secrets[broker.name]
        names = [name for its in broker.instances for name in (its.host_name, its.name)]
        addresses = [each for its in broker.instances for each in (its.address, IPv4Address(self._address(its)))]
        return (
            *broker_files(broker.activemq_xml, broker.identity.users, own),
            self._vaults[broker.name].file,
            BrokerFile(path=KEY_STORE, content=self._authority.issue(names, addresses, own.key_store), secret=True),
            BrokerFile(path=TRUST_STORE, content=self._authority.trust_store(own.key_store), secret=True),
        )


def _instances(plan: Plan) -> Sequence[tuple[str, InstancePlan]]:
    """Return every instance of every broker, with its region."""
    return [(broker.region, its) for broker in plan.brokers for its in broker.instances]


def _broker_ports() -> Sequence[int]:
    return [*(endpoint.port for endpoint in ENDPOINTS), JOLOKIA_PORT]


def _secrets(passwords: Mapping[str, SecretStr]) -> BrokerSecrets:
    return BrokerSecrets(
        users={user: password.get_secret_value() for user, password in passwords.items()},
        key_store=secrets.token_urlsafe(18),
        console=secrets.token_urlsafe(18),
        jolokia=secrets.token_urlsafe(18),
    )


def _free_ports(count: int) -> tuple[int, ...]:
    """Find ports of 127.0.0.1 that are free now; ones that Docker chose would change when the router restarts.

    Taken from below the range that outgoing connections use, so that none of those can be quicker than the router.
    """
    found: list[int] = []
    with ExitStack() as closing:
        dice = random.Random()
        for port in dice.sample(_HOST_PORTS, len(_HOST_PORTS)):
            if len(found) == count:
                break
            probe = closing.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    if len(found) < count:
        raise HostError(
            f"fewer than {count} ports of 127.0.0.1 are free between {_HOST_PORTS[0]} and {_HOST_PORTS[-1]}"
        )
    return tuple(found)
