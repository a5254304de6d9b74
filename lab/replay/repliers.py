"""Clients that answer requests, each over its own connection: incoming messages do not delay an answer."""

from __future__ import annotations

from lab.activemq.matching import HEADER, header_value, make_body
from lab.declare.steps.clients import Subscribe
from lab.errors import LabTimeout
from lab.history import Replied, SendOutcome
from lab.replay.rehearsal import Rehearsal
from lab.runtime.client import Client
from lab.runtime.messages import Destination, Incoming, Outgoing


class Repliers:
    """The repliers of a replay, by client."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self.by_client: dict[str, Replier] = {}

    def of(self, step: Subscribe) -> Replier:
        """Return a client's replier; at the first call, connect it, with the errors of a connecting client."""
        if step.client not in self.by_client:
            self.by_client[step.client] = Replier(self._rehearsal, step)
        return self.by_client[step.client]


class Replier:
    """The connection over which a client answers, and its events; `answer` is called by one thread at a time."""

    def __init__(self, rehearsal: Rehearsal, step: Subscribe) -> None:
        self._rehearsal, self._name = rehearsal, step.client
        self._sent = 0
        login = step.login._replace(client=f"{step.client}-replies")
        self._client: Client = rehearsal.connect(login, self)
        rehearsal.closing.callback(self._client.close)

    def answer(self, id: str, to: Destination) -> None:
        """Send the answer to a request of this run."""
        self._sent += 1
        run = self._rehearsal.run
        headers = {HEADER: header_value(run, id)}
        message = Outgoing(f"{self._sent}:{id}", to, make_body(run, id), headers, 1, persistent=False, retained=False)
        try:
            self._client.publish(message)
        except LabTimeout as error:
            self._rehearsal.trouble(self._name, f"the outcome of its answers is unknown: {error.what}")

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Record the outcome of an answer."""
        of = id.partition(":")[2]
        self._rehearsal.record(Replied(t=self._rehearsal.now(), client=self._name, id=of, outcome=outcome, note=note))

    def received(self, message: Incoming) -> None:
        """Do nothing: it has no subscription."""

    def lost(self, why: str) -> None:
        """Record the loss of the connection: the client no longer answers."""
        self._rehearsal.trouble(f"{self._name}-replies", why)

    def broke(self, error: Exception) -> None:
        """End the replay by an error inside the client."""
        self._rehearsal.fail(error)
