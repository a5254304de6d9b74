"""Opening of a Plan as a running lab: the actions of the Plan in order, with starts in parallel.

Opened parts are closed again, even if the opening fails half way; an error of the closing never hides the first error.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Event

import docker.errors

import docker
from lab.activemq.protocols import CONSOLE, JOLOKIA_PORT, OPENWIRE
from lab.activemq.releases import mixtures
from lab.base.dataclass import dataclass
from lab.emulation.brokers.containers import make_store, start_broker
from lab.emulation.brokers.credentials import Credentials
from lab.emulation.closing import Closing
from lab.emulation.engine import engine, labels
from lab.emulation.engine.containers import Attachment, Order
from lab.emulation.images.images import Images
from lab.emulation.lab import EmulatedLab
from lab.emulation.memory_queue import free_on, reserved
from lab.emulation.network import networks
from lab.emulation.network.congestion import default_here, set_congestion
from lab.emulation.network.forwards import TAKEN, Forwards, forwarding
from lab.emulation.network.networks import LabNetwork
from lab.emulation.network.own_addresses import OwnAddresses, why_elsewhere, why_not_reached
from lab.emulation.network.policy import policy
from lab.emulation.network.ports import Ports
from lab.emulation.network.published_at import HERE, PublishedAt, is_loopback, refuse_shipped
from lab.emulation.network.router import start_router
from lab.emulation.state import NAME, BrokerState, InstanceState, LabState, PlaceState, is_readable, read
from lab.emulation.watch import readiness
from lab.errors import HostError
from lab.network.reach import reach
from lab.network.vpc import INTERNET
from lab.plan.control import opening_control
from lab.plan.values import Action, InstancePlan, Plan
from lab.report.run_folder import TRUST_STORE, TRUST_STORE_PASSWORD
from lab.runtime import state_file as state_files
from lab.runtime.clock import Origin, RealClock, boot
from lab.runtime.lab import StandingLab
from lab.runtime.owner import Owner
from lab.runtime.profile import OPEN, START
from lab.runtime.progress import Progress
from lab.runtime.runtime import Addition, Opening
from lab.runtime.state_file import StateFile
from lab.runtime.turns import turn

_PORT_TRIES = 5
_NONE = IPv4Address(0)  # of a place: what it declares is not known yet
_TAKEN = ("port is already allocated", TAKEN)  # the engine's words
_BESIDE = "at once: the work continues in parallel"
_UNTIL = {  # the condition at which an action is over, in words
    "create-network": "the engine has made the regions' networks",
    "start-router": _BESIDE,
    "prepare-broker": _BESIDE,
    "start-broker": _BESIDE,
    "start-standby": _BESIDE,
    "await-broker": "the management of every instance reports that the instance has started, or waits for the store",
    "check-link": "probes have crossed the link both ways in the configured time",
    "await-bridge": "both brokers list the bridge, and its login was accepted",
    "await-console": "the web console answers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An engine that has the images of a plan's brokers, and the address pool for labs on it."""

    client: docker.DockerClient
    images: Mapping[str, Images]  # ActiveMQ version → images
    releases: Mapping[str, str] = field(default_factory=dict)  # broker → version, where it is not the plan's
    engines: Mapping[str, str] = field(default_factory=dict)  # engine version → version, of brokers that are added
    pool: IPv4Network
    at: PublishedAt = HERE
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # of an ssh to the engine
    patience: float = 0.0  # seconds that labs wait at most for memory; 0.0: it is not looked at

    @property
    def made_from(self) -> tuple[str, ...]:
        """Return the names of the images, each with the digest of its recipe."""
        return tuple(sorted({name for its in self.images.values() for name in (its.broker, its.router)}))

    @property
    def mixed(self) -> Mapping[str, str]:
        """Return the releases in which modules of another one run, each with these modules in words."""
        return mixtures({release: its.broker for release, its in self.images.items()})

    def settle(self, plan: Plan) -> Plan:
        """Return the plan with the releases that there are images of."""
        return plan.of_releases(self.releases)

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[EmulatedLab]:
        """Open a lab and close it at the end of the block; a detached lab stays once it has opened."""
        if not is_loopback(self.at.bind):
            words = (word for of_users in opening.passwords.values() for word in of_users.values())
            refuse_shipped((*(word.get_secret_value() for word in words), *opening.masked))
        clock = RealClock()
        with forwarding(self.at.ssh, opening, self.environment) as forwards, ExitStack() as closing:
            closing.push(Closing(self.client, opening, clock))
            with engine.explained(), self._memory(opening, clock, progress), turn(opening.run, opening.note_folder):
                opened = _Opened(self, opening, clock, forwards, closing)
                for action in opening.plan.actions:
                    opened.do(action, progress)
                lab = opened.lab
                if opening.detached:
                    with opening.profile.wait(
                        OPEN, "name the router", "the engine has renamed the router: the lab is complete"
                    ):
                        self.client.containers.get(lab.state.router).rename(labels.router_name(opening.run))
            with ExitStack() as leaving:
                leaving.callback(lab.release)
                if opening.detached:
                    closing.pop_all()  # from here on only `mqlab down` ends it
                yield lab

    def add(self, lab: StandingLab, addition: Addition) -> None:
        """Make the containers of a broker for an open lab."""
        assert isinstance(lab, EmulatedLab)  # it was opened by this runtime
        with engine.explained():
            release = self.engines[addition.plan.broker(addition.broker).engine_version]
            lab.add(addition, release, self.images[release].broker, self.at.host)

    def _memory(self, opening: Opening, clock: RealClock, progress: Progress) -> AbstractContextManager[None]:
        free, its = free_on(self.client, here=self.at.here), opening
        held = reserved(its.plan.memory, its.run, its.note_folder, free, clock, self.patience, progress.say)
        return held if self.patience else nullcontext()  # labs wait for memory only where that is asked for


class _Opened:
    """A lab while it is being opened; each kind of action is one method."""

    def __init__(
        self, host: Host, opening: Opening, clock: RealClock, forwards: Forwards | None, closing: ExitStack
    ) -> None:
        self._host, self._client, self._clock, self._forwards = host, host.client, clock, forwards
        self._opening, self._plan = opening, opening.plan
        self._owner, self._began = Owner.current(), datetime.now(UTC)
        its_labels = labels.of_lab(opening.run, self._owner, detached=opening.detached)
        self._labels = its_labels | labels.places(opening.note_folder, opening.folder)
        starts = opening.service_time
        ahead = timedelta(0) if starts is None else starts.astimezone(UTC) - self._began
        self._control = opening_control(self._plan, self._began, ahead=ahead)
        self._credentials = Credentials(opening.passwords, opening.masked, self._control, self._began, host.at.host)
        self._networks: Mapping[str, LabNetwork] = {}
        self._starting: dict[str, Future[str]] = {}  # the router, and each instance by its name
        self._requested: dict[str, Event] = {}  # set when the engine is asked: the router, and each first instance
        self._standbys: dict[str, Callable[[], str]] = {}
        self._lab: EmulatedLab | None = None
        self._regions = {its.name: broker.region for broker in self._plan.brokers for its in broker.instances}
        self._regions |= {host.name: host.region for host in self._plan.hosts}  # last: a host moves no broker
        self._places = [*_places(self._plan)]
        self._regions |= dict(self._places)
        # All starts must have ended before the closing removes anything.
        self._pool = closing.enter_context(ThreadPoolExecutor(max_workers=3 + len(self._regions)))
        reserved = [InstancePlan(name=name, number=1, address=_NONE, host_name="") for name, _ in self._places]
        instances = [*(its for broker in self._plan.brokers for its in broker.instances), *reserved]
        self._ports = Ports(instances, at=host.at)
        self._first = next(iter(instances), None)
        self._own = OwnAddresses([its.name for its in instances], opening.note_folder, self._others_own)
        closing.callback(self._own.close)
        if opening.own_addresses and (why := why_elsewhere(host.at)):
            self._own.give_up(why)
        elif opening.own_addresses:
            self._own.choose()
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
        """Return the lab; its router and its first instances must have been started."""
        if self._lab is None:
            self._lab = self._assemble()
        return self._lab

    def do(self, action: Action, progress: Progress) -> None:
        """Do one action of the Plan; notes on it go to the progress."""
        name = f"{action.does} {action.to}"
        with progress.stage(name), self._opening.profile.wait(OPEN, name, _UNTIL[action.does]):
            if note := self._does[action.does](action.to):
                progress.say(note)

    def _create_network(self, name: str) -> str:
        if not self._networks:  # the first such action claims those of all regions, for the hosts files
            # In the pool, so that an interruption waits for networks that are being made, and then removes them.
            self._networks = self._pool.submit(self._claim, [region.name for region in self._plan.regions]).result()
        return f"really {self._networks[name].subnet.network}"

    def _claim(self, wanted: Sequence[str]) -> Mapping[str, LabNetwork]:
        run, regions = self._opening.run, [region.name for region in self._plan.regions]
        dice = random.Random(run)
        claimed = networks.claim(self._client, run, regions, self._host.pool, self._labels, dice, wanted=wanted)
        return {network.region: network for network in claimed}

    def _start_router(self, _: str) -> None:
        image = next(iter(self._host.images.values())).router
        after = tuple(self._requested.values())
        self._starting["router"] = self._begin("router", partial(self._run_router, image), after)

    def _run_router(self, image: str, order: Order) -> str:
        """Start the router and return its container's id; choose other ports if another lab took one of them."""
        # The router alone is on it: the brokers are started meanwhile.
        self._networks = {**self._networks, **self._claim([INTERNET])}
        for left in reversed(range(_PORT_TRIES)):
            try:
                if self._forwards is not None:
                    self._forwards.open(self._ports.outside)
                return start_router(
                    self._client,
                    image,
                    self._opening.run,
                    tuple(self._networks.values()),
                    self._ports.published(lambda its: self._address_of(its.name), self._own.of),
                    self._plan.links,
                    self._plan.seed,
                    policy(self._plan.network, {name: self._address_of(name) for name in self._regions}),
                    self._labels,
                    order,
                )
            except HostError as error:
                taken = any(words in str(error) for words in _TAKEN)
                if not left or not (taken or self._own.of):
                    raise
                if taken:
                    self._ports.choose()
                if self._own.of:
                    self._own.refused(error.what, taken=taken, left=left)
        raise AssertionError("the last try returns or raises")

    def _start_broker(self, name: str) -> None:
        plan = self._plan.broker(name)
        hosts = {its.host_name: self._address_of(its.name) for broker in self._plan.brokers for its in broker.instances}
        chosen = self._own.of  # the router's start may choose others meanwhile
        own = [chosen[its.name] for its in plan.instances if its.name in chosen]
        files = self._credentials.files(plan, [*(self._address_of(its.name) for its in plan.instances), *own])

        def start(instance: InstancePlan, order: Order) -> str:
            network = self._networks[plan.region]
            endpoint = Attachment(network=network.name, address=self._address_of(instance.name))
            image, router = self._host.images[plan.activemq_version].broker, network.subnet.gateway
            ways = (endpoint, router, self._plan.tcp, hosts)
            made = start_broker(client, image, run, plan, instance, *ways, files, self._labels, order)
            if not plan.later:
                beside = self._host.images[plan.activemq_version].router
                with order.profile.wait(START, f"{instance.name}: congestion control", "its TCP has the plan's"):
                    default = default_here(client, local=self._host.at.here)
                    set_congestion(client, made, beside, self._plan.tcp, self._clock, default)
            return made

        client, run, (first, *others) = self._client, self._opening.run, plan.instances
        if others:
            make_store(client, run, name, self._labels)
        self._starting[first.name] = self._begin(first.name, partial(start, first), self._earlier(name))
        for its in others:
            standby = partial(start, its, Order())
            self._standbys[its.name] = standby if plan.later else partial(self._after_first, first, standby)

    def _prepare_broker(self, name: str) -> None:
        """Make the containers of a broker for later, with their files, and start none."""
        self._start_broker(name)
        for its in self._plan.broker(name).instances[1:]:
            self._starting[its.name] = self._pool.submit(self._standbys[its.name])

    def _begin(self, name: str, start: Callable[[Order], str], after: Sequence[Event]) -> Future[str]:
        """Begin a start in the pool; its event is set when the engine is asked, or the start has failed."""
        profile = self._opening.profile
        order = Order(after=after, profile=profile)
        self._requested[name] = order.requested

        def started() -> str:
            try:
                with profile.wait(START, f"{name}: make and start"):
                    return start(order)
            finally:
                order.requested.set()

        return self._pool.submit(started)

    def _earlier(self, broker: str) -> Sequence[Event]:
        """Return the events of the starts to be requested before a broker's: of the brokers that it connects to.

        A connector that is refused tries again only after a second, so responders and the router start a bit ahead.
        """
        called = [bridge.responder for bridge in self._plan.bridges if bridge.initiator == broker]
        firsts = [self._plan.broker(name).instances[0].name for name in dict.fromkeys(called)]
        found = [self._requested[name] for name in firsts if name in self._requested]
        return [*found, self._requested["router"]] if found else []

    def _start_standby(self, instance: str) -> None:
        self._starting[instance] = self._pool.submit(self._standbys[instance])

    def _after_first(self, first: InstancePlan, start: Callable[[], str]) -> str:
        """Start an instance when the first one has the store's lock, so that the first is always active at first."""
        readiness.for_lock(self._client, first.name, self._starting[first.name].result(), self._clock)
        return start()

    def _check_link(self, name: str) -> str:
        return readiness.for_link(self.lab.router, self._plan.link(name), self._clock)

    def _await_broker(self, name: str) -> None:
        for its in self.lab.state.brokers[name].instances:
            readiness.for_instance(self._client, self.lab.management, its, str(self._opening.folder), self._clock)

    def _await_bridge(self, connector: str) -> str:
        bridges = [bridge for bridge in self._plan.bridges if bridge.connector == connector]
        if closed := [words for each in bridges if (words := readiness.why_unreachable(self._plan, each))]:
            return "; ".join(f"NOT UP: {words}" for words in closed)
        lab = self.lab
        causes = [readiness.for_bridge(self._client, lab.state, lab.management, each, self._clock) for each in bridges]
        return "; ".join(f"NOT UP: {cause}" for cause in causes if cause)

    def _await_console(self, name: str) -> str | None:
        found = reach(self._plan.network, INTERNET, self._plan.broker(name).instances[0].name, CONSOLE.port)
        if not found.yes:
            return f"not from here: {found.reason}"
        its = self.lab.state.brokers[name].first
        readiness.for_console(
            name, self._host.at.host, its.ports[CONSOLE.name], Path(self.lab.state.ca_file), self._clock
        )
        return None

    def _assemble(self) -> EmulatedLab:
        opening = self._opening
        # A router that is not ready drops packets to brokers, and TCP tries again only after 1, 3 and 7 s.
        with opening.profile.wait(OPEN, "await-router", "its log reports that rules, links and addresses are in place"):
            readiness.for_router(self._client, self._starting["router"].result(), self._clock)
        self._check_own_addresses()
        ca_file = opening.folder / "ca.pem"
        ca_file.write_bytes(self._credentials.authority.ca_pem())
        for_java = self._credentials.authority.trust_store(TRUST_STORE_PASSWORD)
        ca_file.with_name(TRUST_STORE).write_bytes(for_java)
        where = LabState(
            ca_file=str(ca_file),
            router=self._starting["router"].result(),
            networks={name: str(network.subnet.network) for name, network in self._networks.items()},
            brokers={
                broker.name: BrokerState(
                    instances=tuple(self._instance_state(broker.name, its) for its in broker.instances),
                    management_password=self._credentials.management(broker.name),
                )
                for broker in self._plan.brokers
            },
            engine=engine.identity(self._client),
            hosts={host.name: self._address_of(host.name) for host in self._plan.hosts},
            reached_at=self._host.at.host,
            ssh=self._host.at.ssh,
            no_own_addresses=self._own.why_none,
            places=tuple(self._place_state(name, region) for name, region in self._places),
            authority=self._credentials.authority.pem if self._places else "",
        )
        note = StateFile(
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
            origin=Origin(boot=boot(), monotonic=self._clock.origin),
            runtime=NAME,
            own=where.to_dict(),
        )
        state_files.save(note, opening.note_folder)
        self._own.close()
        return EmulatedLab(self._client, note, vaults=self._credentials.vaults, note_folder=opening.note_folder)

    def _place_state(self, name: str, region: str) -> PlaceState:
        reserved = InstancePlan(name=name, number=1, address=_NONE, host_name="")
        return PlaceState(
            region=region,
            address=self._address_of(name),
            ports=self._ports.named(reserved),
            management_port=self._ports.of(reserved, JOLOKIA_PORT),
            own_address=self._own.of.get(name, ""),
        )

    def _instance_state(self, broker: str, instance: InstancePlan) -> InstanceState:
        return InstanceState(
            broker=broker,
            name=instance.name,
            number=instance.number,
            container=self._starting[instance.name].result(),
            address=self._address_of(instance.name),
            ports=self._ports.named(instance),
            management_port=self._ports.of(instance, JOLOKIA_PORT),
            own_address=self._own.of.get(instance.name, ""),
        )

    def _others_own(self) -> Collection[str]:
        """Return the addresses of this machine that the instances of other labs have."""
        notes = filter(is_readable, state_files.load_all(self._opening.note_folder))
        labs = [read(note) for note in notes]
        instances = [its.own_address for each in labs for its in each.instances]
        return [*filter(None, instances), *(place.own_address for each in labs for place in each.places)]

    def _check_own_addresses(self) -> None:
        """Go without addresses of this machine if no connection comes through."""
        if self._first is not None and (address := self._own.of.get(self._first.name)):
            usual = self._host.at.host, self._ports.of(self._first, OPENWIRE.port)
            if why := why_not_reached(address, usual):
                self._own.give_up(why)

    def _address_of(self, instance: str) -> str:
        """Return the address that an instance really uses, or that is kept for a host."""
        region = self._regions[instance]
        here = [name for name, its in self._regions.items() if its == region]
        return str(self._networks[region].subnet.broker(here.index(instance)))


def _places(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield a name, which no broker can have, and the region of each reserved place."""
    for region, number in ({} if plan.places is None else plan.places.instances).items():
        yield from ((f"{region}/{each}", region) for each in range(1, number + 1))
