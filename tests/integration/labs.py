"""Opening labs from tests, looking into their containers, and asking the engine what is left of them."""

from __future__ import annotations

import fcntl
import re
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docker.models.containers import Container

import docker
from lab.activemq.protocols import endpoint
from lab.base.shipped import shipped
from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.emulation.engine.commands import run_inside
from lab.emulation.images.images import Images
from lab.emulation.lab import EmulatedLab
from lab.emulation.network.congestion import set_congestion
from lab.emulation.network.subnets import DEFAULT_POOL
from lab.emulation.opening import Host
from lab.history import SendOutcome
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.report.run_folder import create
from lab.runtime.client import Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import Incoming
from lab.runtime.runtime import Opening
from lab.runtime.state_file import new_run_id

ARTICLE = shipped("scenarios") / "tokyo-singapore.yaml"
TWO_SHORES = Path(__file__).parent / "scenarios" / "two-shores.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The Docker engine, and the images of each ActiveMQ version."""

    client: docker.DockerClient
    images: dict[str, Images]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A lab opened by a test, with all that a test may want to know of it."""

    lab: EmulatedLab
    client: docker.DockerClient
    scenario: Scenario
    plan: Plan
    folder: Path
    note_folder: Path

    @property
    def run(self) -> str:
        return self.lab.note.run

    def broker(self, name: str) -> Container:
        """Return a broker's container as it is now."""
        return self.client.containers.get(self.lab.state.brokers[name].first.container)

    @property
    def router(self) -> Container:
        return self.client.containers.get(self.lab.state.router)

    def password(self, broker: str, user: str) -> str:
        return self.scenario.topology.passwords()[broker][user].get_secret_value()

    def endpoint(self, broker: str, over: str, *, client_id: str) -> Endpoint:
        """Return what a client needs to connect as the broker's first user."""
        user = self.plan.broker(broker).users[0]
        return Endpoint(
            host="localhost",
            port=self.lab.state.brokers[broker].first.ports[endpoint(over)],
            ca_file=Path(self.lab.state.ca_file),
            user=user,
            password=self.scenario.topology.passwords()[broker][user],
            client_id=client_id,
        )

    def start(self, broker: str) -> None:
        """Start a broker's container as the lab does, unless it runs."""
        container = self.broker(broker)
        if container.status != "running":
            container.start()
            image = str(self.router.attrs["Image"])
            set_congestion(self.client, str(container.id), image, self.plan.tcp, RealClock())

    def is_up(self, broker: str) -> bool:
        return self.lab.management.version(broker) is not None

    def bridged(self) -> bool:
        return all(self.lab.management.bridge_is_up(bridge) for bridge in self.plan.bridges)


class Quiet:
    """A Progress for tests: keeps what was said."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.notes: list[str] = []

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        self.stages.append(what)
        yield

    def say(self, note: str) -> None:
        self.notes.append(note)


class Ear:
    """ClientEvents for tests: keeps what a client tells."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.outcomes: dict[str, SendOutcome] = {}

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        self.outcomes[id] = outcome

    def received(self, message: Incoming) -> None:
        self.bodies.append(message.body)

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None:
        raise error


def scenario_at(path: Path) -> tuple[Scenario, Plan]:
    scenario = load(path, environment={})
    assert not check(scenario)
    return scenario, plan(scenario.topology, seed=scenario.seed)


def host_of(engine: Engine, images: Mapping[str, Images] | None = None) -> Host:
    """Return what labs are opened on."""
    return Host(client=engine.client, images=images or engine.images, pool=DEFAULT_POOL)


def opening_of(scenario: Scenario, planned: Plan, folder: Path) -> Opening:
    """Return an Opening whose every file is under `folder`."""
    run = new_run_id()
    return Opening(
        plan=planned,
        note_folder=folder / "state",
        run=run,
        scenario=scenario.scenario,
        folder=create(folder / "home", run).path,
        passwords=scenario.topology.passwords(),
    )


@contextmanager
def standing(path: Path, engine: Engine, folder: Path) -> Iterator[Standing]:
    """Open the lab of a scenario, and see that nothing of it is left at the end."""
    scenario, planned = scenario_at(path)
    opening = opening_of(scenario, planned, folder)
    with host_of(engine).open(opening, Quiet()) as lab:
        yield Standing(
            lab=lab,
            client=engine.client,
            scenario=scenario,
            plan=planned,
            folder=opening.folder,
            note_folder=opening.note_folder,
        )
    assert left_of(engine.client, opening.run) == []


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds, and tell whether it did in time."""
    return RealClock().wait(condition, seconds)


@contextmanager
def no_other_sweep() -> Iterator[None]:
    """Keep other tests from sweeping meanwhile: a sweep takes what any dead run left, theirs and ours."""
    with (Path(tempfile.gettempdir()) / "mqlab-tests-sweep.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        yield


def left_of(client: docker.DockerClient, run: str) -> list[str]:
    """Name the containers, networks and volumes that carry a run's label or its name."""
    labelled = {"label": f"mqlab.run={run}"}
    found = {str(each.name) for each in client.containers.list(all=True, filters=labelled, ignore_removed=True)}
    found |= {str(each.name) for each in client.containers.list(all=True, filters={"name": run}, ignore_removed=True)}
    found |= {str(each.name) for each in client.networks.list(filters=labelled)}
    found |= {str(each.name) for each in client.networks.list(names=[run])}
    found |= {str(each.name) for each in client.volumes.list(filters=labelled)}
    return sorted(found)


def output_of(container: Container, *command: str) -> str:
    """Return the output of a command that always has some, as the lab has its own commands', and see that it succeeds.

    A busy engine may lose what a command said that ended at once.
    """
    code, said = run_inside(container, command, RealClock())
    assert code == 0, said
    return said


def reach(container: Container, address: str, port: int, *, patience: float = 2) -> str:
    """Open a TCP connection from inside a container: "open", "refused", "no way", or "silent" after so many seconds."""
    code, output = container.exec_run(
        ["timeout", f"{patience}", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}"], environment={"LC_ALL": "C"}
    )
    if code == 0:
        return "open"
    text = output.decode(errors="replace")
    if code == 124:
        return "silent"
    return "refused" if "Connection refused" in text or "reset by peer" in text else "no way"


def opens(container: Container, address: str, port: int) -> bool:
    """Tell whether something answers there, and give a busy machine the time that this needs."""
    return reach(container, address, port, patience=20) == "open"


def reached(container: Container, targets: Iterable[tuple[str, int]]) -> list[str]:
    """Try many at once, and give those that answered with a connection.

    Put one among them that should answer: it shows that the probe gets through where there is a way.
    """
    targets = list(targets)
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = pool.map(lambda target: reach(container, *target, patience=4), targets)
    return named(target for target, answer in zip(targets, answers, strict=True) if answer == "open")


def named(targets: Iterable[tuple[str, int]]) -> list[str]:
    """Write targets as `reached` does."""
    return [f"{address}:{port}" for address, port in targets]


# Listens on port 80 until it is ended; a first process gets no SIGTERM that it does not ask for.
_LISTENS = """
import signal, socket
signal.signal(signal.SIGTERM, lambda *_: exit())
with socket.create_server(("0.0.0.0", 80)) as s:
    print("ready", flush=True)
    while True: s.accept()[0].close()
"""


@contextmanager
def stranger(engine: Engine) -> Iterator[tuple[Container, str]]:
    """A container of nobody's lab on the engine's default network, that listens on port 80, and its address."""
    image = next(iter(engine.images.values())).router
    container = engine.client.containers.run(
        image, name=f"mqlab-test-{uuid.uuid4().hex[:12]}", entrypoint=["python3", "-c", _LISTENS], detach=True
    )
    try:
        assert eventually(lambda: b"ready" in container.logs(), 30), container.logs()
        container.reload()
        yield container, container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    finally:
        container.remove(force=True)


@contextmanager
def host_listener() -> Iterator[int]:
    """Listen on every address of this host, and see that it is heard where it should be."""
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen(16)
        yield listening.getsockname()[1]


def host_addresses(client: docker.DockerClient) -> list[str]:
    """Return addresses of this host that are no lab's: where its default route leaves, and the default bridge's."""
    found = [block["Gateway"] for block in client.networks.get("bridge").attrs["IPAM"]["Config"] if "Gateway" in block]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            outward.connect(("192.0.2.1", 9))  # sends nothing: it only chooses the way
        except OSError:
            return found  # a host without a default route
        return [*found, outward.getsockname()[0]]


def secrets_of(container: Container) -> set[str]:
    """Return every secret that a broker's own files hold: passwords of users and the lab's own, and their digests."""
    files = "secrets.properties jolokia.properties jetty-realm.properties"
    text = output_of(container, "bash", "-c", f"cd /etc/mqlab && cat {files}")
    written = re.findall(r"^[^\n=]*password=(.+)$", text, re.MULTILINE)
    found = {re.sub(r"\\(.)", r"\1", value) for value in written} | set(re.findall(r"MD5:([0-9a-f]{32})", text))
    assert len(found) >= 5, "a key store's, the console's, Jolokia's, a user's, and a digest"
    return found
