"""An open lab: takes turns between processes, does verbs, opens clients; `State` has what it is asked.

Commands and programs use the same object; each finds the lab as the one before has left it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Self

from lab.activemq.protocols import PROTOCOLS, Over
from lab.amazonmq.account.account import due_brokers, open_windows, unfinished
from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.link import OnLink
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.reboot import Reboot
from lab.errors import InputError
from lab.history import Maintenance
from lab.living import verb_arguments
from lab.living.client_record import Records
from lab.living.control_plane import KeptControlPlane
from lab.living.conversation import Conversation
from lab.living.history import PYTHON, LivingHistory
from lab.living.leftovers import catch_up, record_found
from lab.living.passwords import checked
from lab.living.sent import Sent
from lab.living.verbs import Verbs
from lab.operating import Done, is_verb, operate
from lab.plan.control import Control
from lab.runtime import note as notes
from lab.runtime.client import Endpoint
from lab.runtime.lab import StandingLab
from lab.runtime.messages import Incoming
from lab.runtime.note import Note
from lab.runtime.progress import Logged, Told
from lab.runtime.turns import turn
from lab.scenarios import expectations
from lab.suggestions import unknown

if TYPE_CHECKING:
    from lab.declare.steps.replay import Replay
    from lab.judge import Report


class Live(Verbs):
    """A lab with all its verbs. A verb that AWS would refuse raises InputError and changes nothing.

    >>> with labs.up("tokyo-singapore") as lab:
    ...     lab.cut("tokyo-singapore")[0].state, lab.status().links[0].round_trip_ms
    ('cut', None)
    """

    def __init__(self, lab: StandingLab, told: Told | None = None, *, by: str = PYTHON) -> None:
        self.lab = lab
        self.history = LivingHistory(lab.note, lab.clock.now, by, lab.mask)
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
        """Hold the lab for the block: other commands and programs that would change it wait.

        Another `Live` of the same lab waits too: inside the block, use this one's verbs alone. Before the block,
        interrupted verbs are ended, and brokers are rebooted whose maintenance window has opened.

        >>> with lab.turn():
        ...     _ = lab.cut()
        ...     _ = lab.heal()
        """
        folder, run = self.lab.note_folder, self.lab.note.run
        with self._one:
            if self._ours:
                yield
                return
            with self._turn_among_processes(run, folder):
                self._ours = True
                try:
                    if folder is None:  # nothing of it was interrupted
                        record_found(self, self._told)
                    else:
                        if not self.lab.refresh():
                            notes.forget(run, folder)
                            raise self._ended()
                        self.history.end_interrupted()
                        catch_up(self, self._told)
                    yield
                finally:
                    self._ours = False

    def _turn_among_processes(self, run: str, folder: Path | None) -> AbstractContextManager[None]:
        if folder is None:
            return nullcontext()  # the lab is in this process alone
        refuse_replayed(self.lab.note)
        return turn(run, folder, lambda: self._told.warn(f"another command has lab {run}: waiting for it"))

    def do(self, verb: Step) -> Done:
        """Do a verb in a turn of its own, with the reboots of a maintenance window that the verb opens.

        >>> from lab.declare.steps.create_user import CreateUser
        >>> lab.do(CreateUser(broker="tokyo", user="ledger", password="over-the-ocean-1858")).note
        'it waits for a reboot'
        """
        if not is_verb(type(verb)):
            what = f"{verb.verb} is a step of a scenario's replay, not a verb of an open lab"
            raise InputError.of(what, "write it in a scenario: mqlab run SCENARIO")
        history = self.history
        with self.turn():
            if isinstance(verb, OnBroker):
                from lab.living import preconditions  # here, since most verbs are on links

                preconditions.check(self._plane, verb)
            with history.step(checked(verb, self.lab, history.file.path)) as ended:
                done = operate(self._plane, self._named(verb))
                ended.append(self._warned(verb, done))
                if isinstance(verb, MoveClock):
                    for broker in self.due():
                        with self._told.stage(f"reboot {broker}, whose maintenance window has opened"):
                            self.reboot(broker)
                return done

    def agree(self) -> None:
        """Apply the network on file to the router.

        A command that was killed may have changed one of them and not the other; the file counts, since that command
        has not reported success.
        """
        self.lab.enforce(self._control.network)

    def record_found(self) -> None:
        """Record what has become of brokers that verbs have taken out. Call it inside a turn."""
        self._plane.record_found()

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        """Return (verb, broker) for each reboot, creation or deletion that was interrupted. Call it inside a turn."""
        return unfinished(self.account)

    def complete(self, broker: str) -> Done:
        """End a reboot, a creation or a deletion that was interrupted."""
        from lab.operating import create_broker, reboot  # here, since few are

        match self.account.broker(broker).state:
            case BrokerState.CREATION_IN_PROGRESS:
                return self._resumed(CreateBroker(broker=broker), create_broker.operate)
            case BrokerState.DELETION_IN_PROGRESS:
                return self.delete_broker(broker)
            case _:
                return self._resumed(Reboot(broker=broker, downtime=timedelta(0)), reboot.operate)

    def due(self) -> tuple[str, ...]:
        """Return the brokers whose maintenance window has opened with a change pending, until their reboot begins."""
        account, opened = open_windows(self.account, self._plane.machine)
        # A change that is pending only later waits for the next window.
        self.lab.keep_control(replace(self._control, account=account))
        t, windows = self.lab.clock.now(), {each.name: str(each.window) for each in account.brokers}
        self.history.record(*(Maintenance(t=t, broker=each, window=windows[each]) for each in opened))
        return due_brokers(account)

    def endpoint(self, broker: str, over: Over = "mqtt", *, user: str | None = None) -> Endpoint:
        """Return the endpoint of a broker for any client library: host, port, CA file, user and password.

        `over` is `mqtt`, `stomp`, `amqp`, or one of the first two in a WebSocket: `mqtt-wss`, `stomp-wss`.
        """
        name, its = self._login(broker, over, user)
        return self.lab.endpoint(name, over, its, f"mqlab-{self.run}-{secrets.token_hex(4)}")

    def connect(
        self,
        broker: str,
        over: Over = "mqtt",
        *,
        user: str | None = None,
        name: str | None = None,
        on_message: Callable[[Incoming], None] | None = None,
    ) -> Conversation:
        """Connect a client to a broker as a user, or as the first one that the broker knows.

        `name` is the client's name in the lab's history, and in expectations about it. With `on_message`, messages are
        handed to it as they come, in the client's thread, and `receive` returns none.

        >>> with lab.connect("tokyo", over="stomp", name="tk") as tokyo:
        ...     tokyo.subscribe(queue="orders")
        ...     tokyo.publish("order 1", queue="orders")
        ...     tokyo.receive(within=10).body
        b'order 1'
        """
        where, its = self._login(broker, over, user)
        client = name or f"client-{secrets.token_hex(4)}"
        made = Conversation(
            self._records.of(client, where, over),
            lambda events: self.lab.connect(client=client, broker=where, over=over, user=its, events=events),
            self.lab.clock,
            on_message,
        )
        return self._conversations.enter_context(made)

    def replay(
        self,
        recording: str | Path,
        into: str,
        *,
        pace: str = "original",
        of: str | None = None,
        over: Over | None = None,
        user: str | None = None,
        at_least: int | None = None,
    ) -> Sent:
        """Send the messages of a recording, or of a run's history, into a broker, and return when each has its outcome.

        The arguments are those of the step `replay`: a pace is `original`, `10x`, `200/s` or `acknowledgements`. Others
        may change the lab meanwhile. InputError for what cannot be sent so; BrokerError if fewer messages were accepted
        than are enough, or the broker fell silent; HostError if the pace was not held.
        """
        from lab.living.replaying import replay_of  # here, since most labs replay nothing

        return self.send(replay_of(recording, into, pace=pace, of=of, over=over, user=user, at_least=at_least))

    def send(self, verb: Replay) -> Sent:
        """Send the messages of a replay, beside others' verbs."""
        from lab.living.replaying import send

        refuse_replayed(self.lab.note)
        broker, user = self._login(verb.broker, verb.speaks, verb.user)
        verb = verb.model_copy(update={"broker": broker, "user": user})
        with self._told.stage(verb.words()):
            return send(self.lab, self.history, verb)

    def mark(self, text: str) -> float:
        """Name this moment in the lab's history, and return it in seconds since the lab's clock began."""
        self._records.beat()
        return self.history.mark(text)

    def judge(
        self, scenario: str | Path | None = None, *, since: str | None = None, until: str | None = None
    ) -> Report:
        """Judge the lab's history as of now by the expectations of a scenario, or else of the lab's own.

        `since` and `until` are marks: only the stretch between them is judged.

        >>> _ = lab.mark("before")
        >>> _ = lab.mark("after")
        >>> str(lab.judge("tokyo-singapore", since="before", until="after").outcome)
        'unknown'
        """
        from lab.judge import judge_file  # here, since most labs are not judged

        self._records.beat()
        expected = None if scenario is None else expectations(str(scenario), os.environ)
        return judge_file(self.history.file.path, expected, since=since, until=until)

    @property
    def _now(self) -> Control:
        """Return the Control on file now; between turns, other processes change it."""
        if not self._one.acquire(blocking=False):
            return self._control  # another thread of this program has the turn, so this is the latest
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
        """Return the verb with the broker's name in place of its id; raise InputError for an unknown link."""
        if isinstance(verb, OnLink):
            verb_arguments.link(self.lab.note.plan, verb.link, verb.leaving)
        names = {each.broker_id: each.name for each in self.account.brokers}
        broker = getattr(verb, "broker", None)
        return verb.model_copy(update={"broker": names[broker]}) if broker in names else verb

    def _resumed(self, verb: Step, operate: Callable[..., Done]) -> Done:
        with self.history.step(verb) as ended:
            ended.append(self._warned(verb, operate(self._plane, verb, resumed=True)))
            return ended[-1]

    def _warned(self, verb: Step, done: Done) -> Done:
        """Show a warning if a verb did not go as asked, and return its outcome."""
        if done.failed:
            self._told.warn(f"{verb.words()}: {done.failed}")
        return done

    def _ended(self) -> InputError:
        return InputError.of(f"lab {self.run} has ended meanwhile", "mqlab status shows those that are running")

    def _login(self, broker: str, over: str, user: str | None) -> tuple[str, str]:
        """Return the name of a broker, and of a user whom it knows now; InputError for an unknown protocol too."""
        if over not in PROTOCOLS:
            raise InputError([unknown("protocol", over, PROTOCOLS, "there are", None)])
        record = self.account.broker(broker)
        known = [each.name for each in record.users if each.current is not None]
        if user is not None and record.user(user).current is None:
            raise InputError.of(
                f"{record.name} does not know {user} before its reboot", f"it knows: {', '.join(known)}"
            )
        if not known:
            raise InputError.of(f"{record.name} knows no user", "create one, and reboot the broker")
        return record.name, user or known[0]


def refuse_replayed(note: Note) -> None:
    """Raise InputError if a lab belongs to a run, whose scenario alone changes it."""
    if note.replaying:
        raise InputError.of(
            f"lab {note.run} belongs to a mqlab run, whose scenario alone changes it",
            "write it as a step; or open a lab to change by hand: mqlab up SCENARIO",
        )
