"""Clients that a running lab's commands and programs opened → steps `subscribe`, `consume` and `unsubscribe`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.extras.transcript.steps import act
from lab.extras.transcript.values import Note, Part, at
from lab.history import Approached, ClientChanged, SendOutcome, Settled, Subscribed, Unsubscribed

_TOGETHER = 1.0  # seconds between two acknowledgements of one step, at most


@dataclass(slots=True, kw_only=True)
class _Taken:
    client: str
    first: float
    last: float
    events: int
    count: int = 1


class Clients:
    """The subscriptions of a running lab's clients, collected observation by observation."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users  # by broker with several: the one that clients log in as
        self._names: dict[tuple[str, str, str], str] = {}  # client, broker, protocol → the client's name in the file
        self._now: dict[str, dict[str, str]] = {}  # by that name: destination → how it acknowledges
        self._taken: list[_Taken] = []
        self._parts: list[Part] = []

    def subscribed(self, observation: Subscribed) -> None:
        """Add a subscription."""
        name = self._name(observation.client, observation.broker, observation.over)
        its = self._now.setdefault(name, {})
        if observation.destination in its:
            return
        its[observation.destination] = observation.ack
        kind, _, destination = observation.destination.partition("://")
        fields: dict[str, Any] = {
            "client": name,
            "broker": observation.broker,
            "over": observation.over,
            kind: destination,
        }
        if observation.broker in self._users:
            fields["user"] = self._users[observation.broker]
        if protocol(observation.over) != "mqtt":
            fields |= {"ack": observation.ack} if observation.ack != "auto" else {}
            fields |= {"selector": observation.selector} if observation.selector is not None else {}
        if observation.durable:
            fields |= {"durable": True, "client-id": name} if protocol(observation.over) != "mqtt" else {}
        self._parts.append(
            act(
                observation.t,
                observation.t,
                "subscribe",
                fields,
                f"{observation.client} subscribes to {observation.destination}",
            )
        )
        if protocol(observation.over) == "mqtt":
            text = f"{name} subscribes with QoS 1: a history does not have the QoS of a subscription over MQTT"
            self._parts.append(Note(t=observation.t, text=text))

    def left(self, observation: Unsubscribed) -> None:
        """Add the end of a subscription: a program's client ends all of them at once."""
        for (client, broker, _), name in self._names.items():
            if (client, broker) == (
                observation.client,
                observation.broker,
            ) and observation.destination in self._now.get(name, ()):
                del self._now[name]
                self._parts.append(
                    act(observation.t, observation.t, "unsubscribe", {"client": name}, f"{name} unsubscribes")
                )

    def changed(self, observation: ClientChanged) -> None:
        """Add the loss of a connection."""
        if observation.state != "lost":
            return
        for (client, broker, _), name in self._names.items():
            if (client, broker) == (observation.client, observation.broker) and self._now.pop(name, {}):
                text = f"{at(observation.t)}: {client} lost its connection to {broker}: {observation.note}"
                self._parts.append(Note(t=observation.t, text=text, warned=False))

    def settled(self, observation: Settled, events: int) -> None:
        """Add an acknowledgement; `events` counts the other events of the history."""
        for (client, _, _), name in self._names.items():
            if client != observation.client or observation.destination not in self._now.get(name, ()):
                continue
            if observation.outcome is not SendOutcome.OK:
                text = f"{at(observation.t)}: {client} did not acknowledge a message: {observation.outcome}; omitted"
                self._parts.append(Note(t=observation.t, text=text))
                return
            last = self._taken[-1] if self._taken else None
            if last and (last.client, last.events) == (name, events) and observation.t - last.last <= _TOGETHER:
                last.last, last.count = observation.t, last.count + 1
            else:
                self._taken.append(_Taken(client=name, first=observation.t, last=observation.t, events=events))
            return

    def approached(self, observation: Approached) -> None:
        """Add a failed attempt."""
        if observation.outcome != "ok":
            tried = f"{observation.client} tried to {observation.what} at {observation.broker}"
            text = f"{at(observation.t)}: {tried}, {observation.outcome}: {observation.note}"
            self._parts.append(Note(t=observation.t, text=f"{text}; omitted"))

    def parts(self) -> Iterator[Part]:
        """Yield the steps and notes on missing parts, unordered."""
        yield from self._parts
        for each in self._taken:
            fields = {"client": each.client, "count": each.count}
            yield act(each.first, each.last, "consume", fields, f"{each.client} takes {each.count}")

    def _name(self, client: str, broker: str, over: str) -> str:
        """Return a name that a file takes for a client: each connection is a client there."""
        key = (client, broker, over)
        if key not in self._names:
            plain = re.sub(r"[^A-Za-z0-9._-]", "-", client)[:50].lstrip("._-") or "client"
            taken, number, name = {*self._names.values()}, 1, plain
            while name in taken:
                number += 1
                name = f"{plain}-{number}"
            self._names[key] = name
        return self._names[key]
