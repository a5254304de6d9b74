"""An open lab: takes turns between processes, does verbs, reports its status, opens clients.

Commands on a running lab and programs use the same object, on the lab as whoever had it before has left it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Self

from lab.activemq.protocols import Over
from lab.amazonmq.account.account import Account, due_brokers, open_windows, unfinished
from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.steps.base import Step
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.link import OnLink
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.reboot import Reboot
from lab.declare.suggestions import unknown
from lab.errors import InputError, LabError, LabTimeout
from lab.history import Maintenance
from lab.judge import Report, judge_file
from lab.living import words
from lab.living.client_record import Records
from lab.living.control_plane import KeptControlPlane
from lab.living.conversation import Conversation, destination
from lab.living.history import PYTHON, LivingHistory
from lab.living.verbs import Verbs
from lab.network.vpc import Network
from lab.operating import Done, create_broker, is_verb, operate, reboot
from lab.plan.control import Control
from lab.runtime import note as notes
from lab.runtime.client import Endpoint
from lab.runtime.lab import Silent, StandingLab
from lab.runtime.note import Note
from lab.runtime.progress import Logged, Told
from lab.runtime.status import DirectionNow, Status
from lab.runtime.turns import turn
from lab.scenarios import read as load_scenario


class Live(Verbs):
    """A lab with all its verbs. What AWS refuses is an InputError, and has changed nothing.

    >>> with labs.up("tokyo-singapore") as lab:
    ...     lab.cut("tokyo-singapore")[0].state, lab.status().links[0].round_trip_ms
    ('cut', None)
    """

    def __init__(self, lab: StandingLab, told: Told | None = None, *, by: str = PYTHON) -> None:
        self.lab = lab
        self.history = LivingHistory(lab.note, lab.clock.now, by)
        self._plane = KeptControlPlane(lab, self.history.record)
        self._told = told or Logged()
        self._one = RLock()  # threads of one program take turns too
        self._ours = False
        self._records = Records(self.history, lab.clock)
        self._conversations = ExitStack()
        self._conversations.callback(self.history.close)
        self._conversations.callback(self._records.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        self._conversations.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lab for the block: commands and programs that would change it wait.

        So does another `Live` of the same lab: inside the block, use this one's verbs alone.
        What an interrupted command has left half-done is done first, and maintenance windows that have opened since.

        >>> with lab.turn():
        ...     _ = lab.cut()
        ...     _ = lab.heal()
        """
        folder, run = self.lab.note_folder, self.lab.note.run
        with self._one:
            if self._ours or folder is None:
                yield
                return
            refuse_replayed(self.lab.note)
            with turn(run, folder, lambda: self._told.warn(f"another command has lab {run}: waiting for it")):
                self._ours = True
                try:
                    if not self.lab.refresh():
                        notes.forget(run, folder)
                        raise self._ended()
                    self.history.end_interrupted()
                    catch_up(self, self._told)
                    yield
                finally:
                    self._ours = False

    def do(self, verb: Step) -> Done:
        """Do a verb in a turn of its own; a window that it makes open is attended to before this returns.

        >>> from lab.declare.steps.create_user import CreateUser
        >>> lab.do(CreateUser(broker="tokyo", user="ledger", password="over-the-ocean-1858")).note
        'it waits for a reboot'
        """
        if not is_verb(type(verb)):
            what = f"{verb.verb} is a step of a scenario's replay, not a verb of an open lab"
            raise InputError.of(what, "write it in a scenario: mqlab run SCENARIO")
        with self.turn(), self.history.step(verb) as ended:
            done = operate(self._plane, self._named(verb))
            ended.append(self._warned(verb, done))
            if isinstance(verb, MoveClock):
                for broker in self.due():
                    with self._told.stage(f"reboot {broker}, whose maintenance window has opened"):
                        self.reboot(broker)
            return done

    def agree(self) -> None:
        """Have the router hold what is on file: a command that was killed may have told one and not the other.

        What is on file counts. The killed command has not said that anything was done.
        """
        self.lab.enforce(self._control.network)

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        """Return (verb, broker) for each reboot, creation or deletion that was interrupted. Call it inside a turn."""
        return unfinished(self.account)

    def resume(self, broker: str) -> Done:
        """End a reboot, a creation or a deletion that was interrupted, whatever had been done of it."""
        match self.account.broker(broker).state:
            case BrokerState.CREATION_IN_PROGRESS:
                return self._resumed(CreateBroker(broker=broker), create_broker.operate)
            case BrokerState.DELETION_IN_PROGRESS:
                return self.delete_broker(broker)
            case _:
                return self._resumed(Reboot(broker=broker, downtime=timedelta(0)), reboot.operate)

    def due(self) -> tuple[str, ...]:
        """Return the brokers whose maintenance window has opened with something pending, and that are not yet rebooted.

        Each is named until its reboot begins, also where a command was killed before that.
        """
        account, opened = open_windows(self.account, self._plane.machine)
        self.lab.keep_control(replace(self._control, account=account))  # what is pending later waits for the next one
        t, windows = self.lab.clock.now(), {each.name: str(each.window) for each in account.brokers}
        self.history.record(*(Maintenance(t=t, broker=each, window=windows[each]) for each in opened))
        return due_brokers(account)

    @property
    def run(self) -> str:
        """Return the id of the lab's run."""
        return self.lab.note.run

    @property
    def account(self) -> Account:
        """Return the service's side of the lab as it is now: brokers, configurations, users."""
        return self._now.account

    @property
    def now(self) -> datetime:
        """Return the service's time, by which maintenance windows open."""
        return self.account.now(self._plane.machine)

    @property
    def network(self) -> Network:
        """Return who may talk to whom now: peerings, route tables, security groups."""
        return self._now.present

    def links(self) -> tuple[DirectionNow, ...]:
        """Return each direction of each link as the router has it now."""
        _ = self._now
        return tuple(way for link in self.lab.note.plan.links for way in self.lab.link_now(link.name))

    def status(self) -> Status:
        """Ask how everything is: brokers, both ends of each bridge, links as asked and as measured."""
        _ = self._now
        return self.lab.status()

    def logs(self, name: str, *, tail: int | None = None) -> list[str]:
        """Return the lines of a broker's log, or of `router`; only the last ones, where a number is given."""
        _ = self._now
        return list(self.lab.logs(name, tail=tail))

    def endpoint(self, broker: str, over: Over = "mqtt", *, user: str | None = None) -> Endpoint:
        """Return where any client connects to a broker, and as whom: host, port, CA file, user and password.

        `over` is `mqtt`, `stomp`, `amqp`, or one of the first two in a WebSocket: `mqtt-wss`, `stomp-wss`.
        """
        name, its = self._user(broker, user)
        return self.lab.endpoint(name, over, its, f"mqlab-{self.run}-{secrets.token_hex(4)}")

    def connect(
        self, broker: str, over: Over = "mqtt", *, user: str | None = None, name: str | None = None
    ) -> Conversation:
        """Connect a client to a broker: as the user given, or as the first one that it knows.

        `name` is what the client is called in the lab's history, and in claims about it.

        >>> with lab.connect("tokyo", over="stomp", name="tk") as tokyo:
        ...     tokyo.subscribe(queue="orders")
        ...     tokyo.publish("order 1", queue="orders")
        ...     tokyo.receive(within=10).body
        b'order 1'
        """
        where, its = self._user(broker, user)
        client = name or f"client-{secrets.token_hex(4)}"
        made = Conversation(
            self._records.of(client, where, over),
            lambda events: self.lab.connect(client=client, broker=where, over=over, user=its, events=events),
            self.lab.clock,
        )
        return self._conversations.enter_context(made)

    def mark(self, text: str) -> float:
        """Name this moment in the lab's history, and return it: seconds since the lab's clock began."""
        self._records.beat()
        return self.history.mark(text)

    def judge(
        self, scenario: str | Path | None = None, *, since: str | None = None, until: str | None = None
    ) -> Report:
        """Judge the lab's history as of now: by a scenario's expectations, or by those of the lab's own.

        `since` and `until` are marks, between which is asked.

        >>> _ = lab.mark("before")
        >>> _ = lab.mark("after")
        >>> str(lab.judge("tokyo-singapore", since="before", until="after").outcome)
        'unknown'
        """
        self._records.beat()
        expected = None if scenario is None else load_scenario(str(scenario), os.environ).expect
        return judge_file(self.history.file.path, expected, since=since, until=until)

    def demand(self, broker: str, *, topic: str | None = None, queue: str | None = None) -> bool:
        """Return whether a bridge would forward what is sent there to a broker: somebody on another one listens."""
        name = self.account.broker(broker).name
        try:
            return self.lab.demand(name, destination(topic, queue))
        except Silent:
            return False  # it is being rebooted, say: nobody would be forwarded anything

    def bridged(self, connector: str) -> bool:
        """Return whether all bridges of a connector work, at both ends."""
        _ = self._now
        found = [each for each in self.lab.note.plan.bridges if each.connector == connector]
        if not found:
            names = dict.fromkeys(each.connector for each in self.lab.note.plan.bridges)
            raise InputError([unknown("connector", connector, names, "connectors of this lab", None)])
        return all(self.lab.bridge_is_up(each) for each in found)

    def wait(self, until: Callable[[], bool], within: float, what: str = "it") -> None:
        """Return when a condition holds; LabTimeout where it does not within so many seconds.

        >>> lab.wait(lambda: lab.bridged("connector_tokyo_to_singapore"), within=60)
        """
        if not self.lab.clock.wait(until, within):
            raise LabTimeout(f"{what} did not come within {within:g} s")

    @property
    def _now(self) -> Control:
        """Return what is on file now: in between our turns, others change it."""
        if not self._one.acquire(blocking=False):
            return self._control  # another thread of ours has its turn, and what it knows is the latest
        try:
            if not self._ours and not self.lab.refresh():
                raise self._ended()
            return self._control
        finally:
            self._one.release()

    @property
    def _control(self) -> Control:
        return self.lab.note.control

    def _named(self, verb: Step) -> Step:
        """Return the verb with the broker's name for its id; raise InputError where there is no such link."""
        if isinstance(verb, OnLink):
            words.link(self.lab.note.plan, verb.link, verb.leaving)
        names = {each.broker_id: each.name for each in self.account.brokers}
        broker = getattr(verb, "broker", None)
        return verb.model_copy(update={"broker": names[broker]}) if broker in names else verb

    def _resumed(self, verb: Step, operate: Callable[..., Done]) -> Done:
        with self.history.step(verb) as ended:
            ended.append(self._warned(verb, operate(self._plane, verb, resumed=True)))
            return ended[-1]

    def _warned(self, verb: Step, done: Done) -> Done:
        """Warn of what did not go as asked, and return what was done."""
        if done.failed:
            self._told.warn(f"{verb.words()}: {done.failed}")
        return done

    def _ended(self) -> InputError:
        return InputError.of(f"lab {self.run} has ended meanwhile", "mqlab status shows those that are running")

    def _user(self, broker: str, user: str | None) -> tuple[str, str]:
        """Return a broker's name, and a user whom it knows now."""
        record = self.account.broker(broker)
        known = [each.name for each in record.users if each.current is not None]
        if user is not None and record.user(user).current is None:
            raise InputError.of(
                f"{record.name} does not know {user} before its reboot", f"it knows: {', '.join(known)}"
            )
        if not known:
            raise InputError.of(f"{record.name} knows no user", "create one, and reboot the broker")
        return record.name, user or known[0]


def catch_up(live: Live, told: Told) -> None:
    """Do what is left over; what fails is told, and does not keep a verb from mending it."""
    with warned("have the router do what is on file", told):
        live.agree()
    for what, broker in live.interrupted():
        stage = f"end the {what} of {broker} that was interrupted"
        with warned(stage, told), told.stage(stage):
            live.resume(broker)
    for broker in live.due():
        stage = f"reboot {broker}, whose maintenance window has opened"
        with warned(stage, told), told.stage(stage):
            live.reboot(broker)


@contextmanager
def warned(stage: str, told: Told) -> Iterator[None]:
    """Tell of what goes wrong in a block, and go on."""
    try:
        yield
    except (LabError, OSError) as error:
        told.warn(f"could not {stage}: {error}")


def refuse_replayed(note: Note) -> None:
    """Leave the lab of a run to its scenario."""
    if note.replaying:
        raise InputError.of(
            f"lab {note.run} belongs to a mqlab run, whose scenario alone changes it",
            "write it as a step; or open a lab to change by hand: mqlab up SCENARIO",
        )
