"""An open lab, `Live`: it takes turns between processes, does verbs, opens clients, and answers questions.

Commands and programs use the same object. Every answer is read as of now, whichever process changed the lab last.
"""

# Over 500 lines, because it has one class, and a program finds every verb and every question of a lab in that class.
from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr

from lab.activemq import releases
from lab.activemq.protocols import PROTOCOLS, Over
from lab.amazonmq.account.account import Account, due_brokers, open_windows, unfinished
from lab.amazonmq.account.broker_record import BrokerState
from lab.amazonmq.account.maintenance import Window
from lab.base.dataclass import dataclass
from lab.base.suggestions import unknown
from lab.check.scenarios import applications, expectations
from lab.declare.expectations.base import Expectation
from lab.declare.in_code import Clients, applications_of
from lab.declare.steps import STEPS
from lab.declare.steps.base import STARTS_WITHIN, STOPS_WITHIN, Instance, OnBroker, OnLink, OnRecord, Step
from lab.declare.steps.service import JUST_BEFORE, CreateBroker, MoveClock, Reboot
from lab.declare.topology import Configuration
from lab.errors import InputError, LabTimeout
from lab.history import Counted, LinkChanged, Maintenance, SnapshotTaken
from lab.living import verb_arguments
from lab.living.client_record import Records
from lab.living.control_plane import KeptControlPlane
from lab.living.conversation import Conversation, destination
from lab.living.half_done import catch_up, record_found
from lab.living.history import PYTHON, LivingHistory
from lab.living.passwords import checked
from lab.living.sent import Sent
from lab.living.verb_arguments import read, seconds
from lab.network.vpc import Network
from lab.operating import Done, is_verb, operate
from lab.operating.network import put_back
from lab.plan.control import Control
from lab.plan.values import BridgePlan
from lab.runtime import state_file as state_files
from lab.runtime.client import Endpoint
from lab.runtime.hosts import Hosts
from lab.runtime.lab import Silent, StandingLab
from lab.runtime.messages import Incoming
from lab.runtime.progress import Logged, Told
from lab.runtime.state_file import StateFile
from lab.runtime.status import DirectionNow, Status
from lab.runtime.turns import turn
from lab.runtime.verb_owners import is_owned, owned_steps, under_way

if TYPE_CHECKING:
    from lab.declare.steps.replay import Replay
    from lab.judge import Report

_STARTS_WITHIN = STARTS_WITHIN.total_seconds()
_STOPS_WITHIN = STOPS_WITHIN.total_seconds()
_BRIDGES_WITHIN = 120.0  # seconds; a connector tries again after at most 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The links and the network of a lab at a moment, and the bridges that worked then."""

    links: tuple[DirectionNow, ...]
    network: Network
    bridges: tuple[BridgePlan, ...]


class Live:
    """A lab with all its verbs. A verb that AWS would refuse raises InputError and changes nothing.

    >>> with labs.up("tokyo-singapore") as lab:
    ...     lab.cut("tokyo-singapore")[0].state, lab.status().links[0].round_trip_ms
    ('cut', None)
    """

    def __init__(self, lab: StandingLab, progress: Told | None = None, *, by: str = PYTHON) -> None:
        self.lab = lab
        self.history = LivingHistory(lab.note, lab.clock.now, by, lab.mask)
        self._plane = KeptControlPlane(lab, self.history.record)
        self._progress = progress or Logged()
        self._one = RLock()  # threads of one program take turns too
        self._ours = False
        self._records = Records(self.history, lab.clock)
        self._conversations = ExitStack()
        self._conversations.callback(self.history.close)
        self._conversations.callback(self._records.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
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
                        record_found(self, self._progress)
                    else:
                        if not self.lab.refresh():
                            state_files.forget(run, folder)
                            raise self._ended()
                        self.history.end_interrupted(owned_steps(run, folder))
                        catch_up(self, self._progress)
                    yield
                finally:
                    self._ours = False

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Hold the lab for the block, as `turn` does, but complete nothing first: the caller is in a verb."""
        folder, run = self.lab.note_folder, self.lab.note.run
        with self._one:
            if self._ours:
                yield
                return
            with self._turn_among_processes(run, folder):
                if not self.lab.refresh():
                    raise self._ended()
                self._ours = True
                try:
                    yield
                finally:
                    self._ours = False

    @property
    def plane(self) -> KeptControlPlane:
        """Return the lab's control plane. Use it inside a turn."""
        return self._plane

    def _turn_among_processes(self, run: str, folder: Path | None) -> AbstractContextManager[None]:
        if folder is None:
            return nullcontext()  # the lab is in this process alone
        refuse_replayed(self.lab.note)
        return turn(run, folder, lambda: self._progress.warn(f"another command has lab {run}: waiting for it"))

    def do(self, verb: Step) -> Done:
        """Do a verb in a turn of its own, with the reboots of a maintenance window that the verb opens.

        >>> from lab.declare.steps.service import CreateUser
        >>> lab.do(CreateUser(broker="tokyo", user="ledger", password="over-the-ocean-1858")).note
        'it waits for a reboot'
        """
        if not is_verb(type(verb)):
            what = f"{verb.verb} is a step of a scenario's replay, not a verb of an open lab"
            raise InputError.of(what, "write the step in a scenario: mqlab run SCENARIO")
        history = self.history
        with self.turn():
            if isinstance(verb, OnBroker):
                if not isinstance(verb, OnRecord):
                    self._refuse_owned(verb.broker)
                from lab.living import preconditions  # here, since most verbs are on links

                preconditions.check(self._plane, verb)
            with history.step(checked(verb, self.lab, history.file.path)) as ended:
                done = operate(self._plane, self._named(verb))
                ended.append(self._warned(verb, done))
                if isinstance(verb, MoveClock):
                    for broker in self.due():
                        with self._progress.stage(f"reboot {broker}, whose maintenance window has opened"):
                            self.reboot(broker)
                return done

    @property
    def run(self) -> str:
        """Return the id of the lab's run."""
        return self.lab.note.run

    @property
    def folder(self) -> Path:
        """Return the lab's run folder."""
        return Path(self.lab.note.folder)

    @property
    def runtime(self) -> str:
        """Return the name of the runtime that opened the lab."""
        return self.lab.note.runtime

    @property
    def account(self) -> Account:
        """Return the service's records as they are now: brokers, configurations, users."""
        return self._now.account

    @property
    def now(self) -> datetime:
        """Return the service's time, by which maintenance windows open."""
        return self.account.now(self._plane.machine)

    @property
    def network(self) -> Network:
        """Return the network as it is now: peerings, route tables, security groups."""
        return self._now.present

    @property
    def hosts(self) -> Hosts:
        """Return the places that the topology keeps for applications: `run` one there, `attach` one that runs."""
        _ = self._now
        return self.lab.hosts

    def links(self) -> tuple[DirectionNow, ...]:
        """Return the current setting of each direction of each link, from the router."""
        _ = self._now
        return tuple(way for link in self.lab.note.plan.links for way in self.lab.links.now(link.name))

    def status(self) -> Status:
        """Return the current status: brokers, both ends of each bridge, links as configured and as measured."""
        _ = self._now
        return self.lab.status()

    def logs(self, name: str, *, tail: int | None = None) -> list[str]:
        """Return the lines of a broker's log, or of `router`; only the last ones if `tail` is given."""
        _ = self._now
        return list(self.lab.logs(name, tail=tail))

    def demand(self, broker: str, *, topic: str | None = None, queue: str | None = None) -> bool:
        """Return whether a bridge would forward a message that is sent there to a broker."""
        name = self.account.broker(broker).name
        try:
            return self.lab.management.demand(name, destination(topic, queue))
        except Silent:
            return False  # such as during a reboot: nothing would be forwarded

    def bridged(self, connector: str) -> bool:
        """Return whether all bridges of a connector work at both ends."""
        _ = self._now
        found = [each for each in self.lab.note.plan.bridges if each.connector == connector]
        if not found:
            names = dict.fromkeys(each.connector for each in self.lab.note.plan.bridges)
            raise InputError([unknown("connector", connector, names, "connectors of this lab", None)])
        return all(self.lab.management.bridge_is_up(each) for each in found)

    def serves(self, broker: str) -> bool:
        """Return whether a broker is RUNNING for the service and every endpoint of its active instance listens."""
        record = self.account.broker(broker)
        active = self.lab.instances.active(record.name) if record.state is BrokerState.RUNNING else None
        if active is None or active in self._plane.stopped(record.name):
            return False
        return self.lab.instances.started(record.name, active)

    def queued(self, broker: str, queue: str) -> int | None:
        """Return how many messages are in a queue, 0 if there is no such queue; None while its broker is silent."""
        name = self.account.broker(broker).name
        try:
            found = self.lab.management.destinations([(name, destination(None, queue))])
        except Silent:
            return None
        return found[0].queued if found else None  # no counters at all: its broker is down

    def wait(self, until: Callable[[], bool], within: float, what: str = "the condition of the wait") -> None:
        """Return when a condition holds; raise LabTimeout if it does not within so many seconds.

        >>> lab.wait(lambda: lab.bridged("connector_tokyo_to_singapore"), within=60)
        """
        if not callable(until):
            raise InputError.of(f"until takes a function, not {until!r}", "write lambda: and the condition after it")
        if not self.lab.clock.wait(until, seconds("within", within)):
            raise LabTimeout(f"not within {within:g} s: {what}")

    def create_configuration(self, name: str, engine_version: str = releases.DEFAULT) -> Done:
        """Create a configuration from the service's default for its engine version."""
        return self._do("create-configuration", configuration=name, engine_version=engine_version)

    def update_configuration(self, name: str, text: str, *, description: str = "", file: str = "") -> Done:
        """Save a text as a configuration's next revision, sanitised; no broker changes by that.

        >>> text = '<broker xmlns="http://activemq.apache.org/schema/core" start="false"/>'
        >>> lab.update_configuration("tokyo-configuration", text).note
        'tokyo-configuration has revision 3; Amazon MQ removed 1 thing: DISALLOWED_ATTRIBUTE_REMOVED broker start'
        """
        written = Configuration(file=file or name, text=text)
        return self._do("update-configuration", configuration=name, file=written, description=description)

    def update_broker(
        self,
        broker: str,
        *,
        configuration: str | None = None,
        revision: int | None = None,
        security_groups: Sequence[str] | None = None,
        window: Window | str | None = None,
        roll_back: bool = False,
    ) -> Done:
        """Make a revision or security groups pending until a reboot; a maintenance window is set at once.

        A window is a day, a time and a zone: `sunday 03:00 Asia/Tokyo`.

        >>> lab.update_broker("tokyo", revision=1).note
        'pending until a reboot: tokyo-configuration revision 1'
        """
        chosen = {"configuration": configuration, "revision": revision, "security_groups": security_groups}
        verbs: list[Step] = []
        if window is None or roll_back or any(each is not None for each in chosen.values()):
            verbs.append(read(STEPS["update-broker"], broker=broker, roll_back=roll_back, **chosen))
        if window is not None:
            verbs.append(verb_arguments.maintenance_window(broker, str(window)))
        with self.turn():
            return [self.do(each) for each in verbs][-1]

    def reboot(self, broker: str, *, downtime: float | None = None, within: float = _STARTS_WITHIN) -> Done:
        """Reboot a broker, which applies its pending changes, and return when it listens again.

        A broker that does not listen within so many seconds, or ends while starting, is RUNNING for the service all the
        same, as in Amazon MQ: another revision can be applied to it.

        >>> _ = lab.create_user("singapore", "clerk", "over-the-ocean-1858")
        >>> _ = lab.reboot("singapore", downtime=1.0)
        >>> lab.account.broker("singapore").has_pending
        False
        """
        down = None if downtime is None else timedelta(seconds=seconds("downtime", downtime))
        return self._do("reboot", broker=broker, downtime=down, within=timedelta(seconds=seconds("within", within)))

    def kill(self, broker: str, *, instance: Instance | None = None) -> Done:
        """End a broker's process at once (SIGKILL); of a pair that of the active instance, if none is named.

        >>> [(each.broker, each.state) for each in lab.kill("singapore").observations]
        [('singapore', 'killed')]
        >>> [each.state for each in lab.start("singapore").observations]
        ['starting', 'started']
        """
        return self._do("kill", broker=broker, instance=instance)

    def stop(self, broker: str, *, instance: Instance | None = None, within: float = _STOPS_WITHIN) -> Done:
        """Ask a broker to end, and kill it if it has not within so many seconds, which is a warning."""
        return self._do("stop", broker=broker, instance=instance, within=timedelta(seconds=seconds("within", within)))

    def start(self, broker: str, *, instance: Instance | None = None, within: float = _STARTS_WITHIN) -> Done:
        """Start a broker that was killed or stopped, with its store and its ports, and return when it listens again."""
        return self._do("start", broker=broker, instance=instance, within=timedelta(seconds=seconds("within", within)))

    def pause(self, broker: str, *, instance: Instance | None = None) -> Done:
        """Freeze a broker's process: its connections stay, and nothing answers."""
        return self._do("pause", broker=broker, instance=instance)

    def resume(self, broker: str, *, instance: Instance | None = None) -> Done:
        """Let a paused broker go on."""
        return self._do("resume", broker=broker, instance=instance)

    def stop_connector(self, broker: str, connector: str) -> Done:
        """Stop a network connector, as in the broker's JMX: its bridges end, until it or its broker starts again."""
        return self._do("connector", broker=broker, name=connector, do="stop")

    def start_connector(self, broker: str, connector: str) -> Done:
        """Start a network connector that was stopped."""
        return self._do("connector", broker=broker, name=connector, do="start")

    def create_broker(self, broker: str, *, within: float = _STARTS_WITHIN) -> Done:
        """Create a broker that the topology declares with `later: yes`, and return when it listens.

        A broker that does not start is CREATION_FAILED, as in Amazon MQ, and can only be deleted.
        """
        return self._do("create-broker", broker=broker, within=timedelta(seconds=seconds("within", within)))

    def delete_broker(self, broker: str) -> Done:
        """Delete a broker with its store, whatever its state; its configuration stays, its log is in the run folder."""
        return self._do("delete-broker", broker=broker)

    def create_user(
        self,
        broker: str,
        user: str,
        password: SecretStr | str,
        *,
        groups: Sequence[str] = (),
        console_access: bool = False,
    ) -> Done:
        """Create a user, whom the broker knows after its next reboot.

        >>> lab.create_user("tokyo", "audit", "over-the-ocean-1858", groups=["readers"]).note
        'it waits for a reboot'
        """
        its = {"password": password, "groups": groups, "console_access": console_access}
        return self._do("create-user", broker=broker, user=user, **its)

    def update_user(
        self,
        broker: str,
        user: str,
        *,
        password: SecretStr | str | None = None,
        groups: Sequence[str] | None = None,
        console_access: bool | None = None,
    ) -> Done:
        """Change the given properties of a user, from the broker's next reboot on."""
        its = {"password": password, "groups": groups, "console_access": console_access}
        return self._do("update-user", broker=broker, user=user, **its)

    def delete_user(self, broker: str, user: str) -> Done:
        """Delete a user, from the broker's next reboot on."""
        return self._do("delete-user", broker=broker, user=user)

    def move_clock(
        self, *, to: datetime | str | None = None, before: str | None = None, by: timedelta | str = JUST_BEFORE
    ) -> Done:
        """Set the service's clock forward: to a moment, or to so long before a broker's next maintenance window.

        A moment is a date, a time and a zone: `2026-11-29 02:59:55 Asia/Tokyo`. If the clock passes a broker's window,
        the broker is rebooted before this returns, if a change is pending.
        """
        return self.do(verb_arguments.move_clock(to=to, before=before, by=by))

    def cut(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Drop every packet silently, as a broken cable does; the only link of a lab need not be named.

        >>> [each.state for each in lab.cut(leaving="tokyo")]
        ['cut', 'open']
        >>> _ = lab.heal()
        """
        return self._change("cut", link, leaving)

    def heal(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Let packets pass again, impaired as before."""
        return self._change("heal", link, leaving)

    def reject(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Answer every packet as a closed port would."""
        return self._change("reject", link, leaving)

    def impair(
        self, link: str | None = None, *, leaving: str | None = None, **figures: object
    ) -> tuple[DirectionNow, ...]:
        """Replace the impairment of a link as a whole: a figure that is not given ends.

        The figures are those of a scenario's impairment: `delay="80ms", loss="1%", queue_packets="10"`.

        >>> lab.impair(delay="80ms", jitter="5ms", loss="1%")[0].impairment
        'delay 80ms, jitter 5ms (normal), loss 1%'
        """
        return self._change("impair", link, leaving, verb_arguments.impairment(figures))

    def create_peering(self, name: str, *, requester: str, accepter: str) -> Done:
        """Request a peering of two VPCs."""
        return self._do("create-peering", name=name, requester=requester, accepter=accepter)

    def accept_peering(self, peering: str) -> Done:
        """Accept a request for a peering."""
        return self._do("accept-peering", peering=peering)

    def reject_peering(self, peering: str) -> Done:
        """Reject a request for a peering."""
        return self._do("reject-peering", peering=peering)

    def delete_peering(self, peering: str) -> Done:
        """Delete a peering; its routes become blackholes."""
        return self._do("delete-peering", peering=peering)

    def create_route(self, table: str, destination: IPv4Network | str, peering: str) -> Done:
        """Add a route to a peering."""
        return self._do("create-route", table=table, destination=destination, peering=peering)

    def delete_route(self, table: str, destination: IPv4Network | str) -> Done:
        """Delete a route."""
        return self._do("delete-route", table=table, destination=destination)

    def authorize_ingress(
        self,
        group: str,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Authorize an inbound rule of a security group; it applies at once."""
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        return self.do(verb_arguments.ingress(STEPS["authorize-ingress"], group, **said))

    def revoke_ingress(
        self,
        group: str,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Revoke an inbound rule of a security group; open connections go on."""
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        return self.do(verb_arguments.ingress(STEPS["revoke-ingress"], group, **said))

    def snapshot(self, name: str) -> tuple[Counted | SnapshotTaken, ...]:
        """Record every counter of every broker under a name, for expectations on counters, and return them."""
        seen = tuple(self.lab.management.snapshot(name))
        self.history.record(*seen)
        return seen

    def condition(self) -> Condition:
        """Return the links and the network as they are, and the bridges that work now.

        >>> before = lab.condition()
        >>> _ = lab.cut()
        >>> lab.restore(before)
        >>> lab.links()[0].state
        'open'
        """
        plan = self.lab.note.plan
        return Condition(
            links=self.links(),
            network=self.lab.note.control.network,
            bridges=tuple(each for each in plan.bridges if self.lab.management.bridge_is_up(each)),
        )

    def restore(self, condition: Condition, *, within: float = _BRIDGES_WITHIN) -> None:
        """Bring links and network back to a condition, start its bridges' connectors, and return when they work.

        Raise LabTimeout if a bridge does not work within so many seconds. Instances that are down stay down.
        """
        if self._differs(condition):  # else no turn need be waited for
            with self.turn():
                self._bring_back(condition, seconds("within", within))

    def purge(self) -> None:
        """Remove all messages from all brokers that run: of queues, and those kept for clients that are away.

        Durable subscriptions whose clients are away end, and topics without a listener go, with the message that they
        retained. Queues stay, empty; messages on their way between brokers still come.
        """
        records = self.lab.note.control.account.brokers
        running = [each.name for each in records if each.state is BrokerState.RUNNING]
        actives = {each: self.lab.instances.active(each) for each in running}
        self.lab.management.purge([each for each in running if actives[each] not in (None, *self._plane.stopped(each))])

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
        """Connect a client to a broker as a user, or as the `user` of the topology, or as the first one that it knows.

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
        with self._progress.stage(verb.words()):
            return send(self.lab, self.history, verb)

    def mark(self, text: str) -> float:
        """Name this moment in the lab's history, and return it in seconds since the lab's clock began."""
        self._records.beat()
        return self.history.mark(text)

    def observe(self, *patterns: str) -> None:
        """Raise InputError unless the brokers observe the destinations of these patterns: no open broker can begin to.

        >>> lab.observe("orders.>")
        Traceback (most recent call last):
        lab.errors.InputError: the brokers of this lab do not observe orders.>, and an open lab cannot begin to observe
          open it with an observer: labs.up(SCENARIO, observe=["orders.>"]), or @pytest.mark.mqlab(observe=["orders.>"])
        """
        observed = {pattern for broker in self.lab.note.plan.brokers for pattern in broker.identity.observe}
        if missing := [pattern for pattern in patterns if pattern not in observed]:
            asked = json.dumps(list(patterns))
            raise InputError.of(
                f"the brokers of this lab do not observe {', '.join(missing)}, and an open lab cannot begin to observe",
                f"open it with an observer: labs.up(SCENARIO, observe={asked}), or @pytest.mark.mqlab(observe={asked})",
            )

    def judge(
        self,
        expected: str | Path | Expectation | Sequence[Expectation] | None = None,
        *,
        since: str | None = None,
        until: str | None = None,
        clients: Clients | None = None,
    ) -> Report:
        """Judge the lab's history as of now by a scenario's expectations, by some made in code, or by the lab's own.

        `since` and `until` are marks: only the interval between them is judged. `clients` are applications by name, as
        in a scenario (default: those of the scenario).

        >>> _ = lab.mark("before")
        >>> _ = lab.mark("after")
        >>> str(lab.judge("tokyo-singapore", since="before", until="after").outcome)
        'unknown'
        """
        from lab.judge import judge_whole  # here, since most labs are not judged

        self._records.beat()
        asked: Sequence[Expectation] | None = None
        named = None if clients is None else applications_of(clients)
        if isinstance(expected, Expectation):
            asked = (expected,)
        elif isinstance(expected, str | Path):
            asked = expectations(str(expected), os.environ)
            named = applications(str(expected), os.environ) if named is None else named
        elif expected is not None:
            asked = expected
        return judge_whole(self.history.file.path, asked, since=since, until=until, clients=named or None).report

    def agree(self) -> None:
        """Apply the network on file to the router.

        A command that was killed may have changed one of them and not the other; the file counts, since that command
        has not reported success.
        """
        self.lab.enforce(self._control.network)

    def record_found(self) -> None:
        """Record the present state of brokers that verbs have taken out. Call it inside a turn."""
        self._plane.record_found()

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        """Return (verb, broker) for each reboot, creation or deletion whose owner has died. Call it inside a turn."""
        run, folder = self.run, self.lab.note_folder
        return tuple(each for each in unfinished(self.account) if not is_owned(run, each[1], folder))

    def complete(self, broker: str) -> Done:
        """End a reboot, a creation or a deletion that was interrupted."""
        from lab.operating.reboot import do_reboot
        from lab.operating.service import do_create_broker  # here, since few are

        match self.account.broker(broker).state:
            case BrokerState.CREATION_IN_PROGRESS:
                return self._resumed(CreateBroker(broker=broker), do_create_broker)
            case BrokerState.DELETION_IN_PROGRESS:
                return self.delete_broker(broker)
            case _:
                return self._resumed(Reboot(broker=broker, downtime=timedelta(0)), do_reboot)

    def due(self) -> tuple[str, ...]:
        """Return the brokers whose maintenance window has opened with a change pending, until their reboot begins."""
        account, opened = open_windows(self.account, self._plane.machine)
        # A change that is pending only later waits for the next window.
        self.lab.keep_control(replace(self._control, account=account))
        t, windows = self.lab.clock.now(), {each.name: str(each.window) for each in account.brokers}
        self.history.record(*(Maintenance(t=t, broker=each, window=windows[each]) for each in opened))
        return due_brokers(account)

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

    def _refuse_owned(self, broker: str) -> None:
        """Raise InputError if another process goes on with a verb of a broker."""
        for each in self.account.brokers:
            if broker in (each.name, each.broker_id) and is_owned(self.run, each.name, self.lab.note_folder):
                raise under_way(each.name)

    def _resumed(self, verb: Step, operate: Callable[..., Done]) -> Done:
        with self.history.step(verb) as ended:
            ended.append(self._warned(verb, operate(self._plane, verb, resumed=True)))
            return ended[-1]

    def _warned(self, verb: Step, done: Done) -> Done:
        """Show a warning if a verb did not go as asked, and return its outcome."""
        if done.failed:
            self._progress.warn(f"{verb.words()}: {done.failed}")
        return done

    def _ended(self) -> InputError:
        return InputError.of(f"lab {self.run} has ended meanwhile", "list the running labs: mqlab status")

    def _login(self, broker: str, over: str, user: str | None) -> tuple[str, str]:
        """Return the name of a broker, and of a user whom it knows now; InputError for an unknown protocol too."""
        if over not in PROTOCOLS:
            raise InputError([unknown("protocol", over, PROTOCOLS, "there are", None)])
        record = self.account.broker(broker)
        known = [each.name for each in record.users if each.current is not None]
        if user is not None and record.user(user).current is None:
            raise InputError.of(
                f"{record.name} does not know {user} before its reboot",
                f"use a user that the broker knows: {', '.join(known)}",
            )
        if not known:
            raise InputError.of(f"{record.name} knows no user", "create a user, and reboot the broker")
        return record.name, user or known[0]

    def _do(self, verb: str, **fields: Any) -> Done:
        """Do a verb with those fields that are not None; its kind is loaded by that, since a program uses few."""
        return self.do(read(STEPS[verb], **fields))

    def _change(
        self, verb: str, link: str | None, leaving: str | None, figures: dict[str, Any] | None = None
    ) -> tuple[DirectionNow, ...]:
        """Change a link, and return its settings after that."""
        name = verb_arguments.link(self.lab.note.plan, link, leaving)
        with self.turn():
            done = self._do(verb, link=name, leaving=leaving, **(figures or {}))
            moments = {seen.leaving: seen.t for seen in done.observations if isinstance(seen, LinkChanged)}
            return tuple(replace(each, changed=moments.get(each.leaving)) for each in self.lab.links.now(name))

    def _differs(self, condition: Condition) -> bool:
        return (
            self.links() != condition.links
            or self.lab.note.control.network != condition.network
            or not all(map(self.lab.management.bridge_is_up, condition.bridges))
        )

    def _bring_back(self, condition: Condition, within: float) -> None:
        for was, now in zip(condition.links, self.links(), strict=True):
            if was.setting != now.setting:
                its = was.setting
                self.history.record(
                    *self.lab.links.change(was.link, leaving=was.leaving, impairment=its.impairment, state=its.state)
                )
        if self.lab.note.control.network != condition.network:
            done = put_back(self.lab.note.control, self.lab, condition.network)
            self.lab.keep_control(done.control)
            self.history.record(*done.observations)
        self._mend(condition.bridges, within)

    def _mend(self, bridges: tuple[BridgePlan, ...], within: float) -> None:
        """Start the connectors of the bridges that do not work, and wait for these."""
        down = [each for each in bridges if not self.lab.management.bridge_is_up(each)]
        for broker, connector in dict.fromkeys((each.initiator, each.connector) for each in down):
            self.history.record(
                self.lab.management.change_connector(broker, connector, "start")
            )  # harmless if it is started
        if down and not self.lab.clock.wait(lambda: all(map(self.lab.management.bridge_is_up, down)), within):
            names = ", ".join(
                dict.fromkeys(each.connector for each in down if not self.lab.management.bridge_is_up(each))
            )
            late = f"bridges that had worked did not work again within {within:g} s: {names}"
            raise LabTimeout(late, "see: mqlab status")


def refuse_replayed(note: StateFile) -> None:
    """Raise InputError if a lab belongs to a run, whose scenario alone changes it."""
    if note.replaying:
        raise InputError.of(
            f"lab {note.run} belongs to a mqlab run, whose scenario alone changes it",
            "write the change as a step of the scenario; or open a lab to change by hand: mqlab up SCENARIO",
        )
