"""The history of a running lab → the verbs, messages and subscriptions of commands, programs and tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lab.amazonmq.names import derived_broker_id
from lab.extras.transcript.clients import Clients
from lab.extras.transcript.observed import Strangers
from lab.extras.transcript.publications import Publications
from lab.extras.transcript.steps import act
from lab.extras.transcript.values import Note, Part, at
from lab.history import (
    Acknowledged,
    Approached,
    BrokerChanged,
    ClientChanged,
    ConnectorChanged,
    Forgotten,
    Header,
    LinkChanged,
    Maintenance,
    Marked,
    Observation,
    PeeringChanged,
    Publishing,
    RouteChanged,
    RuleChanged,
    Sent,
    Settled,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
)
from lab.link.impairment import LinkState

_VERBS = {LinkState.OPEN: "heal", LinkState.CUT: "cut", LinkState.REJECT: "reject"}
_EVENTS = StepStarted | Subscribed | Unsubscribed | Marked | SnapshotTaken


class ByHand:
    """The actions in a running lab, collected from one observation after the other."""

    def __init__(self, header: Header) -> None:
        self._strangers = Strangers(header.run)
        users = _users(header.declared.get("topology"))
        self._ids = _ids(header.declared.get("topology"))  # broker id → name: a command takes both
        self._used: set[str] = set()  # brokers with clients
        self._users = users
        self._publications, self._clients = Publications(users), Clients(users)
        self._parts: list[Part] = []
        self._doing: dict[int, StepStarted] = {}
        self._numbers: set[int] = set()  # of verbs, ended or not
        self._events = 0  # that end a burst of messages
        self._windows: Counter[str] = Counter()  # brokers whose maintenance window has opened
        self._of_window: set[int] = set()  # reboots by such a window
        self._clock_moved = False
        self._snapshots: set[str] = set()
        self._states: dict[tuple[str, str], str] = {}  # of links, by leaving region
        self._impairments: dict[tuple[str, str], str] = {}

    def add(self, observation: Observation) -> None:
        """Add an observation."""
        self._strangers.add(observation)
        if isinstance(observation, Publishing | Subscribed):
            self._used.add(observation.broker)
        self._events += isinstance(observation, _EVENTS)
        match observation:
            case Sent():
                self._publications.sent(observation, self._events)
            case Acknowledged():
                self._publications.acknowledged(observation)
            case Publishing() if observation.part_of is None and observation.step not in self._numbers:
                self._publications.publishing(observation)
            case Subscribed():
                self._clients.subscribed(observation)
            case Unsubscribed():
                self._clients.left(observation)
            case ClientChanged():
                self._clients.changed(observation)
            case Settled():
                self._clients.settled(observation, self._events)
            case Approached():
                self._clients.approached(observation)
            case StepStarted():
                self._begun(observation)
            case StepEnded():
                self._ended(observation)
            case SnapshotTaken() if observation.snapshot not in self._snapshots:
                self._snapshots.add(observation.snapshot)
                self._act(
                    observation.t,
                    "snapshot",
                    {"name": observation.snapshot},
                    f"take the snapshot {observation.snapshot}",
                )
            case Marked():
                self._note(observation.t, f"mark {observation.text}", warned=False)
            case Maintenance() if not observation.failed:
                self._windows[observation.broker] += 1
            case Forgotten():
                self._note(
                    observation.until, f"the history is cut: it lacks {observation.of} up to {at(observation.until)}"
                )
            case LinkChanged():
                self._link(observation)
            case _:
                self._without_verb(observation)

    def parts(self) -> Iterator[Part]:
        """Yield the steps and the notes, unordered."""
        yield from self._parts
        yield from self._publications.parts()
        yield from self._clients.parts()
        yield from self._strangers.notes()
        for broker, user in self._users.items():
            if broker in self._used:
                text = (
                    f"{broker} has several users: a history does not have those of clients, who log in as {user} here"
                )
                yield Note(t=0.0, text=text)
        for begun in self._doing.values():
            yield Note(t=begun.t, text=f"{at(begun.t)}: {begun.asked}: it had not ended when the history ends; omitted")

    def _begun(self, observation: StepStarted) -> None:
        if isinstance(broker := observation.fields.get("broker"), str) and broker in self._ids:
            observation = observation.with_fields(fields={**observation.fields, "broker": self._ids[broker]})
        self._doing[observation.step] = observation
        self._numbers.add(observation.step)
        broker = observation.fields.get("broker")
        if observation.verb == "reboot" and isinstance(broker, str) and self._windows[broker]:
            self._windows[broker] -= 1
            self._of_window.add(observation.step)
        self._clock_moved |= observation.verb == "move-clock"

    def _ended(self, observation: StepEnded) -> None:
        if (begun := self._doing.pop(observation.step, None)) is None:
            return
        if not observation.ok:
            self._note(begun.t, f"{begun.asked}: it was not done as asked: {observation.note}; omitted")
        elif not begun.fields:
            self._note(begun.t, f"{begun.asked}: an earlier mqlab wrote no fields of a verb; omitted")
        elif observation.step in self._of_window and self._clock_moved:
            text = f"{begun.asked}, since its maintenance window opened: a run does so by itself"
            self._note(begun.t, text, warned=False)
        else:
            self._act(begun.t, begun.verb, begun.fields, begun.asked, end=observation.t)

    def _link(self, observation: LinkChanged) -> None:
        """Add a change of a direction; without a verb, a lab was brought back to an earlier condition."""
        way = (observation.link, observation.leaving)
        before, impairment = self._states.get(way, LinkState.OPEN), self._impairments.get(way)
        self._states[way], self._impairments[way] = observation.state, observation.impairment
        if self._doing:
            return
        if observation.state != before and observation.state in _VERBS:
            fields = {"link": observation.link, "leaving": observation.leaving}
            self._act(
                observation.t,
                _VERBS[LinkState(observation.state)],
                fields,
                f"{observation.link} is {observation.state} again",
            )
        if impairment is not None and observation.impairment != impairment:
            back = f"was brought back to {observation.impairment}; omitted"
            self._note(observation.t, f"{observation.link} leaving {observation.leaving} {back}")

    def _without_verb(self, observation: Observation) -> None:
        """Add a change that no verb made; before the first act, it is the state in which the lab opened."""
        if self._doing or not self._events:
            return
        match observation:
            case ConnectorChanged(state="started"):
                fields = {"broker": observation.broker, "name": observation.connector, "do": "start"}
                self._act(
                    observation.t,
                    "connector",
                    fields,
                    f"start connector {observation.connector} of {observation.broker}",
                )
            case PeeringChanged():
                self._note(
                    observation.t, f"the peering {observation.peering} was brought back: {observation.state}; omitted"
                )
            case RouteChanged():
                self._note(
                    observation.t, f"a route of {observation.table} was brought back: {observation.state}; omitted"
                )
            case RuleChanged():
                self._note(
                    observation.t, f"a rule of {observation.group} was brought back: {observation.state}; omitted"
                )
            case BrokerChanged(state="stopped" | "killed"):
                self._note(observation.t, f"the broker {observation.broker} was found {observation.state}; omitted")

    def _act(self, t: float, verb: str, fields: object, text: str, *, end: float | None = None) -> None:
        assert isinstance(fields, dict)
        self._parts.append(act(t, t if end is None else end, verb, fields, text))

    def _note(self, t: float, text: str, *, warned: bool = True) -> None:
        self._parts.append(Note(t=t, text=f"{at(t)}: {text}", warned=warned))


def _users(topology: object) -> Mapping[str, str]:
    """Return the first user of each broker that has several, and names none for clients."""
    brokers = topology.get("brokers") if isinstance(topology, dict) else None
    found: dict[str, str] = {}
    for name, fields in brokers.items() if isinstance(brokers, dict) else ():
        users = fields.get("users") if isinstance(fields, dict) else None
        if isinstance(users, dict) and len(users) > 1 and not fields.get("user"):
            found[name] = next(iter(users))
    return found


def _ids(topology: object) -> Mapping[str, str]:
    """Return the name of each broker by its id."""
    brokers = topology.get("brokers") if isinstance(topology, dict) else None
    named = topology.get("topology") if isinstance(topology, dict) else None
    found: dict[str, str] = {}
    for name, fields in brokers.items() if isinstance(brokers, dict) else ():
        declared = fields.get("broker-id") if isinstance(fields, dict) else None
        found[declared if isinstance(declared, str) else derived_broker_id(str(named), name)] = name
    return found
