"""A lab that stands, as whoever changes it finds it: whose turn it is, how everything is, and clients for a program."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Self, TypeVar

from lab.activemq.protocols import Over
from lab.amazonmq.account.account import Account
from lab.declare.suggestions import unknown
from lab.errors import InputError, LabTimeout
from lab.living.control_plane import KeptControlPlane
from lab.living.conversation import Conversation, destination
from lab.network.vpc import Network
from lab.operating import Done
from lab.plan.control import Control
from lab.runtime import note as notes
from lab.runtime.client import Endpoint
from lab.runtime.lab import Silent, StandingLab
from lab.runtime.note import Note
from lab.runtime.progress import Logged, Told
from lab.runtime.status import Status
from lab.runtime.turns import turn

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Standing")


def in_turn(verb: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make a verb do what it does in a turn."""

    @wraps(verb)
    def call(self: S, /, *arguments: P.args, **options: P.kwargs) -> R:
        with self.turn():
            return verb(self, *arguments, **options)

    return call


class Standing:
    """A lab that stands; `lab.live.Live` has its verbs."""

    def __init__(self, lab: StandingLab, told: Told | None = None) -> None:
        self.lab = lab
        self._plane = KeptControlPlane(lab)
        self._told = told or Logged()
        self._one = RLock()  # threads of one program take turns too
        self._ours = False
        self._conversations = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        self._conversations.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the lab for oneself to the end of the block: commands and programs that would change it wait.

        So does another `Live` of the same lab: inside the block, use this one's verbs alone.
        What an interrupted command has left half-done is done first, and maintenance windows that have opened since.
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
                    if not self.lab.look_again():
                        notes.forget(run, folder)
                        raise self._ended()
                    self._catch_up()
                    yield
                finally:
                    self._ours = False

    @property
    def run(self) -> str:
        """Return the id of the lab's run."""
        return self.lab.note.run

    @property
    def account(self) -> Account:
        """Return the service's side of the lab as it is now: brokers, configurations, users."""
        return self._now.account

    @property
    def network(self) -> Network:
        """Return who may talk to whom now: peerings, route tables, security groups."""
        return self._now.present

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

    def connect(self, broker: str, over: Over = "mqtt", *, user: str | None = None) -> Conversation:
        """Connect a client to a broker: as the user given, or as the first one that it knows."""
        name, its = self._user(broker, user)
        client = f"client-{secrets.token_hex(4)}"
        made = Conversation(
            client,
            lambda events: self.lab.connect(client=client, broker=name, over=over, user=its, events=events),
            self.lab.clock,
        )
        return self._conversations.enter_context(made)

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
        """Return when a condition holds; LabTimeout where it does not within so many seconds."""
        if not self.lab.clock.wait(until, within):
            raise LabTimeout(f"{what} did not come within {within:g} s")

    @property
    def _now(self) -> Control:
        """Return what is on file now: in between our turns, others change it."""
        if not self._one.acquire(blocking=False):
            return self._control  # another thread of ours has its turn, and what it knows is the latest
        try:
            if not self._ours and not self.lab.look_again():
                raise self._ended()
            return self._control
        finally:
            self._one.release()

    @property
    def _control(self) -> Control:
        return self.lab.note.control

    @property
    def _t(self) -> float:
        return self.lab.clock.now()

    @property
    def _age(self) -> timedelta:
        """Return how long the lab has stood, whichever process asks: requests expire by it."""
        return datetime.now(UTC) - self.lab.note.opened

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

    def _kept(self, done: Done) -> Done:
        self._keep(done.control)
        return done

    def _keep(self, control: Control) -> None:
        self.lab.keep_control(control)

    def _catch_up(self) -> None:
        """Do what somebody else has left to do, at the beginning of a turn."""


def refuse_replayed(note: Note) -> None:
    """Leave the lab of a run to its scenario."""
    if note.replaying:
        raise InputError.of(
            f"lab {note.run} belongs to a mqlab run, whose scenario alone changes it",
            "write it as a step; or open a lab to change by hand: mqlab up SCENARIO",
        )
