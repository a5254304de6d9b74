"""Verdicts on applications of foreign libraries, across a bridge, against what these write down by themselves."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import delivered, labs
from lab.cli.env import connections
from lab.history import MessageSeen, observations
from lab.judge import Outcome
from lab.living.lab import Live
from tests.integration.foreign.process import Process
from tests.integration.java_program import compiled
from tests.integration.labs import Engine, eventually
from tests.npm import packages
from tests.promised import PROMISED

pytestmark = [pytest.mark.docker, pytest.mark.release]

HERE = Path(__file__).parent
TOPOLOGY = HERE / "scenarios" / "observed-topology.yaml"
MODES = {
    "stomp": ("auto", "client", "client-individual"),
    "mqtt": ("0", "1", "2"),
    "amqp": ("settled", "presettled"),
    "jms": ("auto", "dups-ok", "client", "individual", "transacted"),
}
MQTT_JS = "mqtt@5.10.4"
if shutil.which("npm") or os.environ.get(PROMISED):  # every machine that promises all tests has Node
    MODES["mqttjs"] = MODES["mqtt"]
NAMES = tuple(f"{library}-{mode}" for library, modes in MODES.items() for mode in modes)
MODES_WITHOUT_PROOF = ("stomp-auto", "mqtt-0", "mqttjs-0", "amqp-presettled")  # the broker acknowledges by itself
AUTOMATIC = tuple(name for name in NAMES if name in MODES_WITHOUT_PROOF)
PROVEN = tuple(name for name in NAMES if name not in AUTOMATIC)
LASTING = {name: ("durable=yes",) for name in NAMES if name.startswith("mqtt")}  # or the topic's message is gone
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


class Applications:
    """All processes of a test, and their lines together."""

    def __init__(self, lab: Live, java: list[str], folder: Path) -> None:
        self.lab, self._java, self._folder = lab, java, folder
        self.processes: dict[tuple[str, str], Process] = {}
        self._ended: list[str] = []

    def of(self, library: str, broker: str) -> Process:
        """Return the process of a library at a broker, started when it is first asked for."""
        key = (library, broker)
        if key not in self.processes:
            self.processes[key] = self._start(library, broker)
        return self.processes[key]

    def _start(self, library: str, broker: str) -> Process:
        at = self.lab.endpoint(broker, {"jms": "stomp", "mqttjs": "mqtt"}.get(library, library))
        if library == "jms":
            trusted = f"-Djavax.net.ssl.trustStore={connections(self.lab)['trust_store']}"
            command = [
                self._java[0],
                trusted,
                "-Djavax.net.ssl.trustStorePassword=changeit",
                *self._java[1:],
                "Applications",
            ]
            command += connections(self.lab)["brokers"][broker]["endpoints"]["openwire"].rpartition("/")[2].split(":")
        elif library == "mqttjs":
            modules = self._folder / "node_modules"
            if not modules.exists():  # Node looks for them beside the program
                modules.symlink_to(packages(MQTT_JS))
            program = shutil.copy(HERE / "foreign" / "applications.mjs", self._folder)
            command = ["node", program, "localhost", str(at.port), str(at.ca_file)]
        else:
            program = str(HERE / "foreign" / "applications.py")
            command = [sys.executable, program, library, "localhost", str(at.port), str(at.ca_file)]
        login = {"APPLICATION_USER": at.user, "APPLICATION_PASSWORD": at.password.get_secret_value()}
        return Process(command, login)

    def receive(self, name: str, *options: str, at: str = "", broker: str = "dublin") -> None:
        """Have a client receive; in its name are its library and mode, and after a dot what sets it apart."""
        library, mode = name.partition(".")[0].split("-", 1)
        self.of(library, broker).do("receive", name, mode, at or destination(name), *options)

    def send(self, name: str, body: str, *options: str, at: str = "", broker: str = "ashburn") -> None:
        """Have the shop of a receiver's library send it a message."""
        library, mode = name.partition(".")[0].split("-", 1)
        if library.startswith("mqtt"):
            options = (f"qos={mode}", *options)
        self.of(library, broker).do("send", f"{library}-shop", at or destination(name), body, *options)

    @property
    def lines(self) -> list[str]:
        return [*self._ended, *(line for process in [*self.processes.values()] for line in process.lines)]

    def bodies(self, verb: str, name: str) -> list[str]:
        """Return the bodies that a client got, had done with, or sent."""
        return [line.split(" ")[2] for line in self.lines if line.split(" ")[:2] == [verb, name]]

    def kill(self, broker: str) -> None:
        for key in [key for key in self.processes if key[1] == broker]:
            self.processes[key].kill()
            self._ended += self.processes.pop(key).lines

    def count(self, verb: str) -> int:
        return sum(line.split(" ")[0] == verb for line in self.lines)

    def until(self, *lines: str, times: int = 1) -> None:
        """Wait until each line was written so many times."""

        def missing() -> list[str]:
            written = Counter(self.lines)
            return [line for line in lines if written[line] < times]

        assert eventually(lambda: not missing(), 40), f"{missing()} are not among {self.lines}"


def destination(name: str) -> str:
    return f"topic:prices.{name}" if name.startswith("mqtt") else f"queue:orders.{name}"


@pytest.fixture(scope="module")
def java(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return compiled(HERE / "foreign" / "Applications.java", tmp_path_factory.mktemp("java"))


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with labs.up(TOPOLOGY, runs=tmp_path_factory.mktemp("observed"), runtime="emulation") as lab:
        yield lab


@pytest.fixture
def applications(lab: Live, java: list[str], tmp_path: Path) -> Iterator[Applications]:
    applications = Applications(lab, java, tmp_path)
    yield applications
    for process in applications.processes.values():
        process.kill()


@dataclass(frozen=True)
class Judged:
    """The verdict on one application, in short."""

    outcome: Outcome
    reason: str


def judge(
    lab: Live, mark: str, names: Iterable[str] | Mapping[str, str], when: str = "acknowledged", within: str = "60s"
) -> dict[str, Judged]:
    """Judge what became of applications' messages since a mark, by name; a mapping has other destinations."""
    at = names if isinstance(names, Mapping) else {name: destination(name) for name in names}
    expected = [
        delivered(to=name, **dict([where.split(":")]), within=within, quiet="1s")  # type: ignore[arg-type]
        for name, where in at.items()
    ]
    clients = {name: {"client-id": name, "broker": "dublin", "delivered-when": when} for name in at}
    report = lab.judge(expected, since=mark, clients=clients)
    return {name: Judged(its.outcome, its.reason) for name, its in zip(at, report.verdicts, strict=True)}


def expect(
    lab: Live, mark: str, names: Iterable[str] | Mapping[str, str], outcome: Outcome, words: str = "", **how: str
) -> None:
    """See that verdicts are, or soon become, such: the lab listens on for what comes late or twice."""
    last: dict[str, Judged] = {}

    def is_so() -> bool:
        last.update(judge(lab, mark, names, **how))
        return all(its.outcome is outcome and words in its.reason for its in last.values())

    assert eventually(is_so, 40), last


def acknowledgements(lab: Live, client_id: str) -> int:
    """Return how many messages an application at Dublin acknowledged, by the broker's events."""
    return sum(
        each.client_id == client_id and each.broker == "dublin"
        for each in observations(lab.history.file.path)
        if isinstance(each, MessageSeen) and each.event == "acknowledged"
    )


def await_demand(lab: Live, where: str) -> None:
    """Wait until the bridge would forward what is sent to a destination."""
    kind, name = where.split(":")
    lab.wait(
        lambda: lab.demand("ashburn", queue=name) if kind == "queue" else lab.demand("ashburn", topic=name), within=60
    )


def test_over_a_cut_and_a_kill_of_the_clients_verdicts_agree_with_what_each_client_wrote_down(
    applications: Applications, lab: Live
) -> None:
    lab.mark("all modes")
    for name in NAMES:
        applications.receive(name)
    applications.until(*(f"receiving {name}" for name in NAMES))
    for name in NAMES:
        await_demand(lab, destination(name))
        applications.send(name, "1")
    applications.until(*(f"done {name} 1" for name in NAMES))
    lab.cut()
    for name in NAMES:
        applications.send(name, "2")
    assert eventually(lambda: applications.count("sent") == 2 * len(NAMES), 20)
    lab.heal()
    applications.until(*(f"done {name} 2" for name in NAMES))
    expect(lab, "all modes", NAMES, PASSED, "2 of 2 reached", when="dispatched")
    expect(lab, "all modes", PROVEN, PASSED, "2 of 2 reached")
    expect(lab, "all modes", AUTOMATIC, UNKNOWN, "while it dispatches")
    for name in NAMES:
        assert applications.bodies("got", name) == applications.bodies("done", name) == ["1", "2"]
        assert acknowledgements(lab, name) == 2

    applications.kill("dublin")
    lab.mark("clients that are killed")
    for name in NAMES:
        applications.receive(name, "keep=yes", *LASTING.get(name, ()))
    applications.until(*(f"receiving {name}" for name in NAMES), times=2)
    for name in NAMES:
        await_demand(lab, destination(name))
        applications.send(name, "3")
    applications.until(*(f"got {name} 3" for name in NAMES))
    expect(lab, "clients that are killed", NAMES, PASSED, when="dispatched")
    expect(lab, "clients that are killed", PROVEN, UNKNOWN, "and not acknowledged", within="1s")
    applications.kill("dublin")
    for name in NAMES:
        applications.receive(name, *LASTING.get(name, ()))
    applications.until(*(f"done {name} 3" for name in PROVEN))
    expect(lab, "clients that are killed", PROVEN, PASSED, "1 of 1 reached")
    expect(lab, "clients that are killed", PROVEN, UNKNOWN, "more often than acknowledged", when="dispatched")
    for name in PROVEN:
        assert applications.bodies("got", name)[2:] == ["3", "3"] and applications.bodies("done", name)[2:] == ["3"]
        assert acknowledgements(lab, name) == 3
    for name in AUTOMATIC:  # nothing comes again: only the clients themselves know that it was lost
        assert applications.bodies("done", name) == ["1", "2"]


def test_selectors_refusals_durable_retained_and_short_lived_messages_and_a_kill_of_each_broker(
    applications: Applications, lab: Live
) -> None:
    chosen = {name: f"queue:orders.chosen-{name}" for name in ("stomp-client", "amqp-settled", "jms-auto")}
    refusers = ("stomp-client-individual", "jms-transacted", "amqp-settled.refusing")
    refusing = {name: f"queue:orders.refused-{name.replace('.', '-')}" for name in refusers}
    subscribers = ("mqtt-2", "stomp-auto", "jms-individual", "amqp-settled.lasting")
    lasting = {name: f"topic:prices.{name}" for name in subscribers}
    releasing = {"amqp-settled.releasing": "queue:orders.released"}
    lab.mark("selectors")
    for name, at in chosen.items():
        applications.receive(name, "selector=kind='a'", at=at)
    for name, at in refusing.items():
        applications.receive(name, "refuse=yes", at=at)
    for name, at in lasting.items():
        applications.receive(name, "durable=lasting", at=at)
    for name, at in releasing.items():
        applications.receive(name, "release=yes", at=at)
    applications.receive("mqtt-1.first", at="topic:prices.far")
    applications.until(*(f"receiving {name}" for name in (*chosen, *refusing, *lasting, *releasing, "mqtt-1.first")))
    await_demand(lab, "topic:prices.far")
    applications.send("mqtt-1", "far", "retain=yes", at="topic:prices.far")  # it crosses the bridge
    for name, at in (chosen | refusing | lasting | releasing).items():
        await_demand(lab, at)
        applications.send(name, "a", "kind=a", at=at)
    for name, at in chosen.items():
        applications.send(name, "b", "kind=b", at=at)
    applications.until(*(f"done {name} a" for name in (*chosen, *lasting, *releasing)), "done mqtt-1.first far")
    applications.until(*(f"got {name} a" for name in refusing))
    expect(lab, "selectors", chosen, UNKNOWN, "it is unknown whether the selector")
    expect(lab, "selectors", refusing, FAILED, "1 of 1 did not reach", within="1s")
    expect(lab, "selectors", releasing, PASSED, "1 of 1 reached")
    expect(
        lab, "selectors", releasing, PASSED, "1 of 1 reached", when="dispatched"
    )  # AMQP's side keeps it, and resends
    for name in releasing:
        assert (applications.bodies("got", name), applications.bodies("done", name)) == (["a", "a"], ["a"])
    for name in chosen:
        assert applications.bodies("got", name) == ["a"]
    for at in refusing.values():
        assert "dead-lettered" in {each.event for each in seen_at(lab, at)}

    applications.kill("dublin")
    for name, at in lasting.items():
        applications.send(name, "away", at=at)
    applications.until(*(f"sent {library}-shop away" for library in ("mqtt", "stomp", "jms", "amqp")))
    applications.send("mqtt-1", "kept", "retain=yes", at="topic:prices.kept", broker="dublin")
    applications.until("sent mqtt-shop kept")
    for name, at in lasting.items():
        applications.receive(name, "durable=lasting", at=at)
    retained = {"mqtt-1": "topic:prices.kept", "mqtt-1.later": "topic:prices.far"}
    for name, at in retained.items():
        applications.receive(name, at=at)
    applications.until(*(f"done {name} away" for name in lasting), "done mqtt-1 kept", "done mqtt-1.later far")
    expect(lab, "selectors", lasting, PASSED, "2 of 2 reached", when="dispatched")
    expect(lab, "selectors", retained, PASSED, "1 of 1 reached")

    brief = ("stomp-client-individual", "amqp-settled", "jms-client")
    lab.mark("short lives")
    for name in brief:
        applications.receive(name)
    for name in brief:
        applications.until(f"receiving {name}", times=2 if name in (*chosen, *refusing) else 1)
        await_demand(lab, destination(name))
    lab.cut()
    for name in brief:
        applications.send(name, "brief", "ttl=1")
    applications.until(*(f"sent {library}-shop brief" for library in ("stomp", "amqp", "jms")))
    lab.heal()
    for name in brief:
        applications.send(name, "long")
    applications.until(*(f"done {name} long" for name in brief))
    assert eventually(
        lambda: all(
            "it expired at" in each.reason or "was over" in each.reason
            for each in judge(lab, "short lives", brief, within="2s").values()
        ),
        40,
    )
    assert not [line for line in applications.lines if line.startswith("got") and line.endswith("brief")]

    lab.mark("the broker is killed")
    lab.kill("dublin")
    for name in brief:
        applications.send(name, "meanwhile")
    applications.kill("dublin")
    lab.start("dublin")
    for name in brief:
        applications.receive(name)
    lab.mark("the broker is back")
    for name in brief:
        applications.send(name, "later")
    applications.until(*(f"done {name} {body}" for name in brief for body in ("meanwhile", "later")))
    expect(lab, "the broker is killed", brief, UNKNOWN, "the observer of dublin lost events")
    expect(lab, "the broker is back", brief, PASSED, "1 of 1 reached")

    applications.receive("mqtt-0")
    applications.until("receiving mqtt-0")
    for name in (*brief, "mqtt-0"):
        await_demand(lab, destination(name))
    lab.mark("the first broker is killed")
    lab.cut()
    for name in brief:
        applications.send(name, "stored")
    applications.send("mqtt-0", "gone")
    applications.until(*(f"sent {library}-shop stored" for library in ("stomp", "amqp", "jms")), "sent mqtt-shop gone")
    lab.kill("ashburn")
    applications.kill("ashburn")
    lab.heal()
    lab.start("ashburn")
    lab.mark("the first broker is back")
    for name in (*brief, "mqtt-0"):
        await_demand(lab, destination(name))
        applications.send(name, "last")
    applications.until(*(f"done {name} {body}" for name in brief for body in ("stored", "last")), "done mqtt-0 last")
    assert "gone" not in applications.bodies("got", "mqtt-0")
    lost = (*brief, "mqtt-0")
    expect(lab, "the first broker is killed", lost, UNKNOWN, "the observer of ashburn lost events", when="dispatched")
    expect(lab, "the first broker is back", lost, PASSED, "1 of 1 reached", when="dispatched")


def test_what_a_slow_client_loses_and_copies_of_composite_and_virtual_destinations(
    applications: Applications, lab: Live
) -> None:
    ticks, slow, quick = "topic:prices.ticks", "stomp-client-individual", "mqtt-0"
    copies = {"amqp-settled": "queue:orders.billing", "stomp-client": "queue:orders.archive"}
    behind = {"jms-auto": "queue:Consumer.A.VirtualTopic.orders", "stomp-auto": "queue:Consumer.B.VirtualTopic.orders"}
    lab.mark("discards and copies")
    applications.receive(slow, "prefetch=1", "hold=yes", at=ticks)
    applications.receive(quick, at=ticks)
    applications.receive("amqp-settled", at=copies["amqp-settled"])
    applications.receive("stomp-client", "keep=yes", at=copies["stomp-client"])
    for name, at in behind.items():
        applications.receive(name, at=at)
    applications.until(*(f"receiving {name}" for name in (slow, quick, *copies, *behind)))
    for at in (ticks, *copies.values(), *behind.values()):
        await_demand(lab, at)

    sent = [f"tick-{number}" for number in range(10)]
    for tick in sent:
        applications.send(quick, tick, at=ticks)
    applications.send("stomp-client", "copied", at="queue:orders.all")
    applications.send("jms-auto", "virtual", at="topic:VirtualTopic.orders")
    applications.until(*(f"done {quick} {tick}" for tick in sent), f"got {slow} {sent[0]}", "got stomp-client copied")
    applications.until("done amqp-settled copied", *(f"done {name} virtual" for name in behind))
    applications.of("stomp", "dublin").do("release", slow, "-", "-")
    applications.until(f"done {slow} {sent[-1]}")

    lost = len(sent) - len(applications.bodies("done", slow))
    why = f"by the observers' events {lost} messages were discarded at dublin"
    expect(lab, "discards and copies", {slow: ticks}, FAILED, f"{lost} of 10 lost on the way", within="1s")
    expect(lab, "discards and copies", {slow: ticks}, FAILED, why, within="1s", when="dispatched")
    expect(lab, "discards and copies", {quick: ticks}, PASSED, "10 of 10 reached", when="dispatched")
    fates = {
        event: {seen.message for seen in seen_at(lab, ticks) if (seen.event, seen.client_id) == (event, slow)}
        for event in ("discarded", "acknowledged")
    }
    assert len(fates["discarded"]) == lost > 0 and len(fates["acknowledged"]) == len(sent) - lost
    assert fates["discarded"].isdisjoint(fates["acknowledged"])

    expect(lab, "discards and copies", copies, PASSED, "1 of 1 reached", when="dispatched")
    expect(lab, "discards and copies", {"amqp-settled": copies["amqp-settled"]}, PASSED, "1 of 1 reached")
    kept = {"stomp-client": copies["stomp-client"]}  # the other copy, with the same id
    expect(
        lab, "discards and copies", kept, UNKNOWN, "was dispatched to stomp-client and not acknowledged", within="1s"
    )
    ids = [{seen.message for seen in seen_at(lab, at)} for at in copies.values()]
    assert ids[0] == ids[1] and len(ids[0]) == 1

    expect(lab, "discards and copies", behind, PASSED, "1 of 1 reached", when="dispatched")
    expect(lab, "discards and copies", {"jms-auto": behind["jms-auto"]}, PASSED, "1 of 1 reached")
    expect(lab, "discards and copies", {"stomp-auto": behind["stomp-auto"]}, UNKNOWN, "while it dispatches")


def seen_at(lab: Live, where: str) -> list[MessageSeen]:
    """Return the events of messages of a destination at Dublin."""
    return [
        each
        for each in observations(lab.history.file.path)
        if isinstance(each, MessageSeen) and (each.broker, each.destination) == ("dublin", where.replace(":", "://", 1))
    ]
