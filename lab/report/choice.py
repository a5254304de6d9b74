"""The choice among observations by broker, client, kind and time.

An observation concerns a broker or client named in the observation, its step, its message, its link or its client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from math import inf
from typing import Any

from lab.base.dataclass import dataclass
from lab.base.suggestions import remedy
from lab.errors import InputError
from lab.history.clients_seen import Publishing, Subscribed
from lab.history.observation import Header, Observation

MOST_HELD = 50_000  # observations, while they are put in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The criteria of a choice; an observation must meet all of them."""

    broker: str | None = None
    client: str | None = None
    kinds: frozenset[str] = frozenset()  # all, where none is named
    since: float = -inf
    until: float = inf


class Chooser:
    """Chooses among the observations of one history; it must be given every one of them, in their order.

    >>> chooser = Chooser(Choice(client="sg", kinds=frozenset({"received"})), history.header)
    >>> len([seen for seen in history.observations if chooser.takes(seen)])
    10
    """

    def __init__(self, choice: Choice, header: Header) -> None:
        self._choice = choice
        self._named = [_texts(step) for step in _listed(header.declared.get("steps"))]
        self._regions = _regions(header.declared)  # by broker
        self._clients: dict[str, set[str]] = {}  # the brokers each client was seen at
        self._steps: dict[str, Publishing] = {}

    def takes(self, observation: Observation) -> bool:
        """Return whether an observation meets the criteria."""
        if isinstance(observation, Publishing):
            self._steps[str(observation.step)] = observation
        if isinstance(observation, Publishing | Subscribed):
            self._clients.setdefault(observation.client, set()).add(observation.broker)
        choice = self._choice
        return (
            choice.since <= observation.t <= choice.until
            and (not choice.kinds or observation.kind in choice.kinds)
            and (choice.broker is None or self._concerns_broker(observation, choice.broker))
            and (choice.client is None or self._concerns_client(observation, choice.client))
        )

    def check_early(self) -> None:
        """Refuse a broker that the header does not declare, before the history is read; a client may come later."""
        if self._regions:
            _known("broker", self._choice.broker, set(self._regions))

    def check(self) -> None:
        """Raise InputError if the history, which has been read, has no such broker or client."""
        choice = self._choice
        brokers = {*self._regions, *(broker for places in self._clients.values() for broker in places)}
        _known("broker", choice.broker, brokers)
        _known("client", choice.client, set(self._clients))

    def _concerns_broker(self, observation: Observation, broker: str) -> bool:
        named = (getattr(observation, name, None) for name in ("broker", "remote", "who"))
        if broker in named:
            return True
        if any(broker in self._clients.get(getattr(observation, name, ""), ()) for name in ("client", "who")):
            return True
        region = self._regions.get(broker)
        if region is not None and region in (
            getattr(observation, "leaving", None),
            getattr(observation, "reaching", None),
        ):
            return True
        publishing = self._publishing(observation)
        return (publishing is not None and publishing.broker == broker) or self._names(observation, broker)

    def _concerns_client(self, observation: Observation, client: str) -> bool:
        if client in (getattr(observation, "client", None), getattr(observation, "who", None)):
            return True
        publishing = self._publishing(observation) if not hasattr(observation, "client") else None
        return (publishing is not None and publishing.client == client) or self._names(observation, client)

    def _publishing(self, observation: Observation) -> Publishing | None:
        """Return the publish step that an observation of a message, or of the step, belongs to."""
        message = getattr(observation, "id", None)
        if message is not None and not hasattr(observation, "client"):
            return self._steps.get(message.partition("-")[0])
        return self._steps.get(str(getattr(observation, "step", "")))

    def _names(self, observation: Observation, name: str) -> bool:
        """Return whether a name is written in the step that an observation is about."""
        step = getattr(observation, "step", 0)
        return 1 <= step <= len(self._named) and name in self._named[step - 1]


def in_time(observations: Iterable[Observation], held: int = MOST_HELD) -> Iterator[Observation]:
    """Yield observations in the order of their moments, but for one that was written down more than `held` too late.

    Lines of a broker's log are written down when they are read, and a link's change when its order has returned.
    """
    waiting: list[tuple[float, int, Observation]] = []
    for number, each in enumerate(observations):
        heappush(waiting, (each.t, number, each))
        if len(waiting) > held:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


def _known(noun: str, name: str | None, known: set[str]) -> None:
    if name is not None and name not in known:
        raise InputError.of(f'no {noun} named "{name}" in this history', remedy(name, sorted(known), f"{noun}s in it"))


def _regions(declared: Mapping[str, Any]) -> dict[str, str]:
    topology = declared.get("topology")
    brokers = topology.get("brokers") if isinstance(topology, Mapping) else None
    found = brokers.items() if isinstance(brokers, Mapping) else ()
    return {name: str(broker.get("region")) for name, broker in found if isinstance(broker, Mapping)}


def _listed(names: object) -> list[Any]:
    return names if isinstance(names, list) else []


def _texts(declared: object) -> frozenset[str]:
    """Return every text in a declared step, however deep."""
    found, left = set(), [declared]
    while left:
        match left.pop():
            case str() as text:
                found.add(text)
            case Mapping() as inner:
                left += inner.values()
            case list() as inner:
                left += inner
            case _:
                pass  # numbers and yes or no name nothing
    return frozenset(found)
