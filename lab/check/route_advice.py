"""Advice on expectations that cannot be met, because no route carries their messages.

The routing table decides, with the network as it is when the scenario begins. There is no advice if steps change the
routes, nor on an expectation that nothing arrives, nor if it is not certain that a message is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from lab.activemq.destinations import destination_of, hears, parts_of
from lab.base.dataclass import dataclass
from lab.check.dry_run import changes_anything
from lab.check.message_places import Fed
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, ToReceivers
from lab.declare.message_fields import Addressed
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OF_ROUTES, Login, OfUser, Step
from lab.declare.steps.clients import Disconnect, Subscribe, Unsubscribe
from lab.declare.steps.messages import Message, Request
from lab.declare.unrolling import every_step
from lab.errors import Problem
from lab.plan.brokers import unread
from lab.plan.obstacles import NO_BRIDGE

if TYPE_CHECKING:  # a check loads the kinds that a file names
    from lab.declare.expectations.forwarding import Forwarded
    from lab.declare.expectations.times import Finished, Latency
    from lab.plan.routing import Route, RoutingTable

MOST_PAIRS = 200  # pairs of a sender and a listener that are asked about; of more, nothing is said
_ARRIVING = ("exactly-once", "at-least-once")


def advise_on_expectations(scenario: Scenario, activemq_version: str | None = None) -> Iterator[Problem]:
    """Yield advice on each expectation of messages that no route carries; `check` must have found no Problem."""
    if len(scenario.topology.brokers) < 2 or _changes(scenario) or unread(scenario.topology):
        return
    asked = [(place, each) for place, each in enumerate(scenario.expect) if _wants_messages(each)]
    found = _Messages(scenario) if asked else None
    if found is None or not found.between_brokers:
        return
    from lab.plan.routing import RoutingTable  # which takes time to load

    routes = _Routes(RoutingTable(scenario.topology, activemq_version=activemq_version), found)
    for place, expectation in asked:
        if stopped := _stopped(expectation, found, routes):
            yield Problem(
                what=f"{expectation.kind} cannot pass: {_stop(stopped)}",
                remedy=_remedy(stopped, expectation),
                place=scenario.origin.key("expect", place, expectation.kind),
            )


def _changes(scenario: Scenario) -> bool:
    """Return whether a step changes a part of the lab that routes depend on."""
    steps = every_step(scenario.steps)
    return changes_anything(scenario) or any(each.fault in OF_ROUTES or isinstance(each, OfUser) for each in steps)


def _wants_messages(expectation: Expectation) -> bool:
    """Return whether an expectation can only be met if messages arrive."""
    if isinstance(expectation, Delivered):
        return expectation.promise in _ARRIVING
    if expectation.kind == "forwarded":
        return not expectation.of_absence
    return expectation.kind in ("answered", "finished", "latency", "recovered")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sending:
    """The messages of a step to one destination."""

    place: int  # of the outermost step that it is in
    step: Step
    source: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Listening:
    """A login of a client that listens."""

    place: int
    step: Step
    login: Login

    @property
    def heard(self) -> str:
        return self.login.destination or ""

    @property
    def constant(self) -> bool:
        """Return whether the client receives all later messages of its destination."""
        return isinstance(self.step, Subscribe) and self.step.selector is None and not self.step.fails


class _Messages:
    """The messages that steps send and the clients that listen, as far as the steps determine them."""

    def __init__(self, scenario: Scenario) -> None:
        self.brokers = tuple(scenario.topology.brokers)
        self.sent: list[_Sending] = []
        self.listening: list[_Listening] = []
        self.gone = set[str]()  # clients that leave at some time
        self._fed = Fed(scenario)
        for place, outermost in enumerate(scenario.steps):
            for step in every_step([outermost]):
                self._add(place, step)

    def _add(self, place: int, step: Step) -> None:
        if isinstance(step, Disconnect | Unsubscribe):
            self.gone.add(step.client)
        if (login := step.login) is None:
            return
        if login.listens:
            self.listening.append(_Listening(place=place, step=step, login=login))
        for target in step.sends_to if _surely_sends(step) else ():
            for part in parts_of(target):
                if not self._fed.by_brokers(part):
                    self.sent.append(_Sending(place=place, step=step, source=login.broker, destination=part))

    @property
    def between_brokers(self) -> bool:
        """Return whether anything is sent at one broker and heard at another."""
        return len({each.source for each in self.sent} | {each.login.broker for each in self.listening}) > 1

    def hearing(self, destination: str) -> list[_Listening]:
        """Return all who hear a destination."""
        return [each for each in self.listening if hears(each.heard, destination)]

    def named(self, step: str) -> Step | None:
        """Return the last sending step of a verb, or of a name."""
        found = [each.step for each in self.sent if step in (each.step.named, each.step.verb)]
        return found[-1] if found else None


def _surely_sends(step: Step) -> bool:
    """Return whether a broker gets messages of a step that only a listener can take."""
    if step.fails or getattr(step, "at_least", None) == 0:
        return False
    if not isinstance(step, Message):
        return False  # of a recording, any may be over, or scheduled
    scheduled = any(name.upper().startswith("AMQ_SCHEDULED") for name in step.headers or ())
    return step.expiry is None and not scheduled


class _Routes:
    """The routes of a sending to its subscribers."""

    def __init__(self, table: RoutingTable, messages: _Messages) -> None:
        self._table, self._messages = table, messages
        self._known: dict[tuple[str, str, str, str], Route | None] = {}

    def stopped(self, sending: _Sending, listening: _Listening) -> Route | None:
        """Return the route of messages to a listener if none can get there, whichever clients listen; else None."""
        target, heard = listening.login.broker, listening.heard
        if sending.source == target:
            return None
        key = (sending.source, target, sending.destination, heard)
        if key not in self._known:
            self._known[key] = self._asked(*key) if len(self._known) < MOST_PAIRS else None
        return self._known[key]

    def _asked(self, source: str, target: str, destination: str, heard: str) -> Route | None:
        alone = self._table.route(source, target, destination, heard=heard)
        if alone.arrival.value != "never":
            return None
        there = dict.fromkeys((each.login.broker, each.heard) for each in self._messages.hearing(destination))
        others = [each for each in there if each != (target, heard)]
        route = self._table.route(source, target, destination, heard=heard, others=others) if others else alone
        return alone if route.arrival.value == "never" else None

    def stopped_everywhere(self, broker: str, destination: str) -> Route | None:
        """Return a route from a broker if none of its messages can get to any other, wherever consumers are."""
        first = None
        for target in self._messages.brokers:
            if target == broker:
                continue
            route = self._table.route(broker, target, destination)
            if route.arrival.value != "never":
                return None
            first = first if first is not None and first.remedies else route
        return first


def _stopped(expectation: Expectation, messages: _Messages, routes: _Routes) -> Route | None:
    """Return a route that certainly stops messages that an expectation needs, or None."""
    wanted = destination_of(expectation) if isinstance(expectation, Addressed) else None
    if expectation.kind == "forwarded":
        its = [each for each in messages.sent if hears(wanted or "", each.destination)]
        plain = wanted is not None and not {*wanted} & {*"*>,"}
        return routes.stopped_everywhere(cast("Forwarded", expectation).broker, wanted or "") if its and plain else None
    sent = [each for each in messages.sent if wanted is None or hears(wanted, each.destination)]
    if isinstance(expectation, Delivered) and (expectation.at is not None or expectation.senders):
        return None  # steps name no sender, and the routes to one broker decide nothing about a queue
    if expectation.kind in ("delivered", "finished"):
        if expectation.kind == "finished":
            step = messages.named(cast("Finished", expectation).step)
            sent = [each for each in sent if each.step is step]
        to = cast(ToReceivers, expectation)
        return next((route for each in sent if (route := _missed(to, each, messages, routes))), None)
    if expectation.kind == "answered":
        sent = [each for each in sent if isinstance(each.step, Request)]
    if expectation.kind == "latency" and (direction := cast("Latency", expectation).direction) is not None:
        source, target = direction
        sent = [each for each in sent if each.source == source]
        return _all_stopped(sent, messages, routes, at=target)
    names = expectation.to.names if isinstance(expectation, ToReceivers) and expectation.to is not None else None
    return _all_stopped(sent, messages, routes, names=names)


def _missed(expectation: ToReceivers, sending: _Sending, messages: _Messages, routes: _Routes) -> Route | None:
    """Return a route that stops messages that a subscriber is certainly expected to receive."""
    by_client: dict[str, list[_Listening]] = {}
    for each in messages.hearing(sending.destination):
        by_client.setdefault(each.login.client, []).append(each)
    names = by_client if expectation.to is None else expectation.to.names
    if sending.destination.startswith("queue://"):  # any of its consumers may have them
        return _all_stopped([sending], messages, routes) if by_client.keys() & {*names} else None
    wanted = {
        name: its
        for name in names
        if name not in messages.gone
        and (its := by_client.get(name))
        and all(each.constant and each.place < sending.place for each in its)
    }
    missed = {name: _none_of(sending, its, routes) for name, its in wanted.items()}
    if expectation.to is not None and expectation.to.any and (len(wanted) < len(names) or not all(missed.values())):
        return None
    return next((route for route in missed.values() if route is not None), None)


def _all_stopped(
    sent: Sequence[_Sending],
    messages: _Messages,
    routes: _Routes,
    *,
    names: Iterable[str] | None = None,
    at: str | None = None,
) -> Route | None:
    """Return a route if some messages cannot reach any of their subscribers, by name or at a broker."""
    first = None
    for sending in sent:
        its = [
            each
            for each in messages.hearing(sending.destination)
            if (names is None or each.login.client in names) and at in (None, each.login.broker)
        ]
        if its and (route := _none_of(sending, its, routes)) is None:
            return None
        first = first or (route if its else None)
    return first


def _none_of(sending: _Sending, listening: Sequence[_Listening], routes: _Routes) -> Route | None:
    """Return the first of the routes to some listeners if none of them lets messages through; else None."""
    found: Mapping[int, Route | None] = {place: routes.stopped(sending, each) for place, each in enumerate(listening)}
    return found[0] if all(found.values()) else None


def _stop(route: Route) -> str:
    to = f"a consumer of {route.heard} at {route.target}" if route.heard else route.target
    return f"a message sent to {route.destination} at {route.source} does not reach {to}: {'; '.join(route.stops)}"


def _remedy(route: Route, expectation: Expectation) -> str:
    """Return the changes that let messages through, or the expectation that is met without them."""
    words = " and ".join(f"at {need.where}, {need.remedy}" for need in route.remedies)
    if not words and route.stops == (NO_BRIDGE,):
        words = (
            f"add a connector from {route.source} to {route.target}, "
            f'or write duplex="true" in a connector to {route.source}'
        )
    words = words or f"run mqlab routes --from {route.source} --to {route.target} for the obstacles"
    return (
        f"{words}; or write promise: nothing, if no message may arrive" if isinstance(expectation, Delivered) else words
    )
