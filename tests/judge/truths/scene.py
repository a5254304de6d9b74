"""The things that a truth is made of: clients, their subscriptions, messages, and every arrival; no word of verdicts.

Times are seconds since the run began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

NOTICED = 0.5  # seconds until a look finds that a broker is silent
GOES = ("unsubscribed", "disconnected", "lost")  # how a stay may end; one that does not end is "stays"


def as_text(body: bytes) -> bytes:
    """Return a body as a protocol of text shows it: what is not UTF-8 is replaced."""
    return body.decode(errors="replace").encode()


def hears(pattern: str, destination: str) -> bool:
    """Return whether a subscription's destination, perhaps a wildcard, takes in what is sent to a destination."""
    (kind, _, wanted), (other, _, named) = pattern.partition("://"), destination.partition("://")
    if kind != other:
        return False
    levels, names = wanted.split("."), named.split(".")
    for place, level in enumerate(levels):
        if level == ">":
            return True
        if place >= len(names) or level not in ("*", names[place]):
            return False
    return len(levels) == len(names)


@dataclass(slots=True, eq=False)
class Message:
    """One message of a publish step."""

    publication: Publication
    number: int
    sent: float
    accepted: bool = True  # whether a broker has it, whatever the history says
    outcome: str | None = "ok"  # as the history has it; None: no line tells
    answered: float = inf  # when the outcome was known
    body: bytes | None = None  # that a person gave, empty or not; None where the lab made one
    over: float = inf  # when its time to live ends

    @property
    def id(self) -> str:
        return f"{self.publication.step}-{self.number}"

    @property
    def known(self) -> bool:
        """Return whether the history has a broker's word that it accepted the message."""
        return self.outcome == "ok"


@dataclass(slots=True, eq=False)
class Publication:
    """A publish step: one client, one destination, some messages."""

    step: int
    client: str
    broker: str
    over: str
    destination: str
    persistent: bool
    given: bool  # the bodies are a person's own
    begin: float
    end: float = 0.0
    retained: bool = False
    expiry: float | None = None
    region: str | None = None  # the header that selectors ask for
    asked: int = 0
    least: int | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def queue(self) -> bool:
        return self.destination.startswith("queue://")


@dataclass(slots=True)
class Stay:
    """A time in which a subscription was there, and how it ended."""

    begin: float
    end: float = inf
    how: str = "stays"


@dataclass(slots=True, eq=False)
class Arrival:
    """One message that a client was handed."""

    message: Message
    t: float
    by: str = "id"  # how the client knows it: "id" | "digest" | "text": the digest of the body as text
    retained: bool = False
    redelivered: bool = False
    settled: float | None = None  # of a client that acknowledges: when the broker had its word; None: never
    pending: bool = False
    doubtful: bool = False  # the client gave its word as the connection ended, and no answer came
    given_back: float = inf  # when its client went without having acknowledged it


@dataclass(slots=True, eq=False)
class Subscription:
    """One client's subscription to one destination, through all its stays."""

    client: str
    broker: str
    over: str
    destination: str
    durable: bool = False
    region: str | None = None  # its selector asks for this one alone
    acknowledges: bool = False
    stays: list[Stay] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    strange: list[float] = field(default_factory=list)  # when something came whose body no step of the run sent

    @property
    def queue(self) -> bool:
        return self.destination.startswith("queue://")

    @property
    def mqtt(self) -> bool:
        return self.over.startswith("mqtt")

    def knows(self, publication: Publication) -> str:
        """Return how the client knows the messages of a publication, as `Arrival.by`."""
        if not publication.given or not (publication.over.startswith("mqtt") or self.mqtt):
            return "id"
        return "text" if self.over == "stomp-wss" else "digest"

    def wants(self, publication: Publication) -> bool:
        """Return whether what a publication sends is for this subscription: by its name, and by its selector."""
        return hears(self.destination, publication.destination) and self.region in (None, publication.region)

    def there(self, t: float) -> Stay | None:
        """Return the stay that a moment lies in; None if the client is not there."""
        return next((stay for stay in self.stays if stay.begin <= t < stay.end), None)

    def next_stay(self, t: float) -> Stay | None:
        """Return the first stay that begins after a moment; None if there is none."""
        return next((stay for stay in self.stays if stay.begin > t), None)


@dataclass(slots=True, eq=False)
class Cut:
    """A time in which nothing passes between two brokers."""

    between: frozenset[str]
    begin: float
    end: float


@dataclass(slots=True, eq=False)
class Silence:
    """A time in which a broker did not answer when it was looked at, and no step had made it so."""

    broker: str
    begin: float
    end: float


@dataclass(slots=True, eq=False)
class World:
    """All that happened in one run."""

    seed: int
    brokers: tuple[str, ...]
    subscriptions: list[Subscription]
    publications: list[Publication]
    cuts: list[Cut]
    end: float
    complete: bool = True
    silences: list[Silence] = field(default_factory=list)

    def begun(self) -> list[Subscription]:
        """Return the subscriptions that were made by the end of the history."""
        return [each for each in self.subscriptions if each.stays and each.stays[0].begin <= self.end]

    @property
    def messages(self) -> list[Message]:
        return [message for publication in self.publications for message in publication.messages]

    def cuts_by(self, verb: str) -> list[float]:
        """Return when links were cut, or healed, by the end of the history."""
        return sorted(t for each in self.cuts if (t := each.begin if verb == "cut" else each.end) <= self.end)

    def cut(self, one: str, other: str, t: float) -> Cut | None:
        """Return the cut that keeps two brokers apart at a moment; None if nothing does."""
        return next((each for each in self.cuts if each.between == {one, other} and each.begin <= t < each.end), None)
