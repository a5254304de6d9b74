"""The steps that send messages or look at them, besides `publish` and `consume`."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from math import inf

from lab.activemq.matching import identify
from lab.base import units
from lab.base.dataclass import dataclass
from lab.declare.steps.base import Login
from lab.declare.steps.messages import Browse, EndTraffic, Request, Traffic
from lab.errors import BrokerError, LabTimeout
from lab.history import Answered, Browsed, SendOutcome
from lab.replay.callbacks import Callbacks
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.steps.publish import Sending
from lab.replay.tasks import Task
from lab.replay.turn import Outcome, Turn, refused
from lab.runtime.messages import Incoming, Look, destination


@performers.register(Request)
def perform_request(rehearsal: Rehearsal, step: Request, turn: Turn) -> Outcome:
    """Send all requests of a step, and return when each has its outcome and its answer, or the time is over."""
    asking = _Asking(rehearsal, step, turn)
    return asking.connect() or asking.send()


class _AskingCallbacks(Callbacks):
    """The events of a connection that sends requests, and receives answers."""

    def __init__(self, rehearsal: Rehearsal, client: str, login: Login) -> None:
        super().__init__(rehearsal, client, login)
        self._run, self._name = rehearsal.run, client
        self._now, self._trouble = rehearsal.now, rehearsal.trouble
        self.answers: set[str] = set()  # the ids of requests that have one

    def received(self, message: Incoming) -> None:
        """Record an answer; a message that answers no request of this run is a trouble."""
        id, _ = identify(message.body, message.headers, self._run)  # noqa: A001 (its name everywhere)
        if id is None:
            self._trouble(self._name, "a message that answers no request came into its temporary queue")
            return
        self.recorder.record(Answered(t=self._now(), client=self._name, id=id))
        self.answers.add(id)
        self._clock.notify()


class _Asking(Sending):
    """The connection, the requests and the answers of one step."""

    def __init__(self, rehearsal: Rehearsal, step: Request, turn: Turn) -> None:
        super().__init__(rehearsal, step, turn)
        self._asking = _AskingCallbacks(rehearsal, self._client_name, step.login)
        self._within = step.within
        self._callbacks = self._asking

    def connect(self) -> Outcome | None:
        """Connect and make a temporary queue; return the failed Outcome if the broker refuses, else None."""
        failed = super().connect()
        if failed is not None or self._client is None:
            return failed
        begun = self._rehearsal.now()
        try:
            self._reply_to = self._client.temporary()
        except (BrokerError, LabTimeout) as error:
            self._asking.failed("subscribe", error, begun)
            self._client.close()
            del self._rehearsal.tasks.senders[self._number]
            self._record_achieved()
            return refused(self._rehearsal, self._client_name, error)
        return None

    def _await_answers(self) -> None:
        """Wait until each request that was accepted has its answer, or the time is over."""
        wanted, callbacks = self._callbacks.outcomes[SendOutcome.OK], self._asking
        self._rehearsal.wait(
            lambda: len(callbacks.answers) >= wanted or callbacks.lost_because is not None, self._within.total_seconds()
        )

    def _outcome(self) -> Outcome:
        sent, wanted = super()._outcome(), self._callbacks.outcomes[SendOutcome.OK]
        if len(self._asking.answers) >= wanted:
            return sent
        missing = f"{len(self._asking.answers)} of {wanted} answered within {units.format_duration(self._within)}"
        return Outcome(ok=False, note="; ".join(filter(None, (sent.note, missing))))


@dataclass(slots=True, kw_only=True)
class Flow:
    """Traffic that has begun."""

    sending: Sending
    task: Task
    duration: timedelta | None


class Flows:
    """All traffic by its name, ended traffic included."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.by_name: dict[str, Flow] = {}


@performers.register(Traffic)
def perform_traffic(rehearsal: Rehearsal, step: Traffic, turn: Turn) -> Outcome | None:
    """Connect and send the first message; return an Outcome only if it cannot begin."""
    flows = rehearsal.recall(Flows).by_name
    flow = flows.get(step.name)
    if flow is not None and not flow.task.done:
        return Outcome(ok=False, note=f"traffic named {step.name} still goes on")
    sending = Sending(rehearsal, step, turn)
    if (refused := sending.connect()) is not None:
        return refused
    task = rehearsal.tasks.begin(f"traffic-{step.name}", lambda: turn.ended(sending.send()))
    flows[step.name] = Flow(sending=sending, task=task, duration=step.duration)
    # what follows is after it on any clock: steps that wait for 3 s see the message that is due after 3 s
    rehearsal.wait(lambda: sending.begun or task.done, inf)
    return None


def end_all(rehearsal: Rehearsal) -> None:
    """Stop traffic without a duration, and return when all traffic has ended."""
    for flow in rehearsal.recall(Flows).by_name.values():
        if flow.duration is None:
            flow.sending.stopped = True
    rehearsal.clock.notify()
    for flow in rehearsal.recall(Flows).by_name.values():
        rehearsal.wait(lambda flow=flow: flow.task.done, inf, of_messages=False)  # type: ignore[misc]


@performers.register(EndTraffic)
def perform_end_traffic(rehearsal: Rehearsal, step: EndTraffic, turn: Turn) -> Outcome:
    """Stop traffic, and return when each of its messages has its outcome."""
    flow = rehearsal.recall(Flows).by_name.get(step.name)
    if flow is None:
        return Outcome(ok=False, note=f"there is no traffic named {step.name}")
    if flow.task.done:
        return Outcome(note="it had ended before")
    flow.sending.stopped = True
    rehearsal.clock.notify()
    rehearsal.wait(lambda: flow.task.done, inf, of_messages=False)
    return Outcome()


@performers.register(Browse)
def perform_browse(rehearsal: Rehearsal, step: Browse, turn: Turn) -> Outcome:
    """Connect only for this step, browse, and record the messages."""
    callbacks, queue = Callbacks(rehearsal, step.client, step.login), destination(step)
    begun, trying = rehearsal.now(), "connect"
    try:
        client = rehearsal.connect(step.login, callbacks)
        trying = "browse"
        with closing(client):
            look = client.browse(queue, step.within.total_seconds())
    except (BrokerError, LabTimeout) as error:
        callbacks.failed(trying, error, begun)
        return refused(rehearsal, step.client, error)
    seen = _record(rehearsal, step, turn.number, look)
    number = len(seen.ids) + seen.others
    if not look.ended:
        within = units.format_duration(step.within)
        return Outcome(
            ok=False, note=f"{number} seen, and the broker did not confirm within {within} that this was all"
        )
    return Outcome(note=f"{number} seen" + (f" of {seen.waiting}" if (seen.waiting or 0) > number else ""))


def _record(rehearsal: Rehearsal, step: Browse, number: int, look: Look) -> Browsed:
    """Record the messages that a browser showed; messages of other runs are only counted."""
    found = [identify(message.body, message.headers, rehearsal.run)[0] for message in look.messages]
    ids = [each for each in found if each is not None]
    seen = Browsed(
        t=rehearsal.now(),
        step=number,
        client=step.client,
        broker=step.broker,
        over=step.over,
        destination=str(destination(step)),
        ids=tuple(ids),
        others=len(found) - len(ids),
        ended=look.ended,
        waiting=_waiting(rehearsal, step),
    )
    rehearsal.record(seen)
    return seen


def _waiting(rehearsal: Rehearsal, step: Browse) -> int | None:
    """Return the size of the queue that the broker reports; None if it does not answer."""
    try:
        counted = rehearsal.lab.management.destinations([(step.broker, destination(step))])
    except (BrokerError, LabTimeout):
        return None
    return counted[0].queued if counted else None
