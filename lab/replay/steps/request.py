"""The step `request`: messages are sent as in `publish`, and their answers awaited over the same connection."""

from __future__ import annotations

from lab.activemq.matching import identify
from lab.base import units
from lab.declare.steps.base import Login
from lab.declare.steps.request import Request
from lab.errors import BrokerError, LabTimeout
from lab.history import Answered, SendOutcome
from lab.replay.callbacks import Callbacks
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.steps.publish import Sending
from lab.replay.turn import Turn
from lab.runtime.messages import Incoming


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
            lambda: len(callbacks.answers) >= wanted or callbacks.lost_because is not None,
            self._within.total_seconds(),
        )

    def _outcome(self) -> Outcome:
        sent, wanted = super()._outcome(), self._callbacks.outcomes[SendOutcome.OK]
        if len(self._asking.answers) >= wanted:
            return sent
        missing = f"{len(self._asking.answers)} of {wanted} answered within {units.format_duration(self._within)}"
        return Outcome(ok=False, note="; ".join(filter(None, (sent.note, missing))))
