"""Draws a scenario from a seed, and follows who is expected to receive what, step by step; it knows no rule of `lab`.

Before a client leaves, all that is under way has come. So the truth of every expectation is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.judge.real_truths.hearing import hears

TOPICS = ("p.eur", "p.usd", "s")
HEARD = ("p.eur", "p.usd", "s", "p.>", "p.*")
QUEUES = ("q", "r")
OVER = ("mqtt", "mqtt", "stomp", "amqp", "stomp-wss")
REGIONS = ("eur", "usd")
PROMISES = ("exactly-once", "at-least-once", "at-most-once", "nothing")
WITHIN = "6s"
PAUSE = "400ms"  # all that is under way comes meanwhile


@dataclass(kw_only=True)
class Sent:
    """Messages of one publish step."""

    destination: str  # "topic p.eur" | "queue q"
    count: int
    over: str
    equal: bool  # all bodies are the same text, and carry no id
    region: str | None


@dataclass(kw_only=True)
class Listening:
    """One client's subscription to one destination."""

    client: str
    over: str
    heard: str  # as in Sent, perhaps with a wildcard
    durable: bool = False
    selector: str | None = None  # the region that it lets through
    here: bool = True
    ended: bool = False
    came: list[tuple[Sent, int]] = field(default_factory=list)  # expected for certain, and how many
    waiting: list[tuple[Sent, int]] = field(default_factory=list)  # kept for it while it is away

    def takes(self, sent: Sent) -> bool:
        """Return whether it hears messages, and lets them through."""
        lets = self.selector is None or self.selector == sent.region
        return lets and not self.ended and hears(self.heard, sent.destination)


@dataclass(kw_only=True)
class Drawn:
    """A scenario as YAML has it, and the verdict that each of its expectations must have."""

    scenario: dict[str, Any]
    verdicts: list[str]


class _Story:
    def __init__(self, seed: int) -> None:
        self.random = Random(f"real truths {seed}")
        self.steps: list[dict[str, Any]] = []
        self.subscriptions: list[Listening] = []
        self.over = {name: self.random.choice(OVER) for name in ("a", "b", "c")}
        self.kept = {name: self.random.random() < 0.4 and over in ("mqtt", "stomp") for name, over in self.over.items()}
        self.retained: dict[str, Sent] = {}
        self.in_queues: list[tuple[Sent, int]] = []  # accepted, and taken by nobody yet
        self.by_queue: list[tuple[Sent, int]] = []  # taken by the subscribers of queues, together
        self.said = 0
        self.heard: set[str] = set()  # destinations that messages were sent to while somebody heard them

    def of(self, client: str) -> list[Listening]:
        return [each for each in self.subscriptions if each.client == client and not each.ended]

    def subscribe(self, client: str) -> None:
        """Subscribe a client that is here to one more destination."""
        its = self.of(client)
        if any(not each.here for each in its):
            return
        over = self.over[client]
        queue = over != "mqtt" and not self.kept[client] and self.random.random() < 0.4
        heard = f"queue {self.random.choice(QUEUES)}" if queue else f"topic {self.random.choice(HEARD)}"
        if any(each.heard == heard for each in its):
            return
        selector = self.random.choice(REGIONS) if over in ("stomp", "amqp") and self.random.random() < 0.3 else None
        new = Listening(client=client, over=over, heard=heard, durable=self.kept[client], selector=selector)
        self.subscriptions.append(new)
        self._say_subscribe(new)
        self._arrive(new)

    def come_back(self, client: str) -> None:
        """Let a client that went come back to what is kept for it."""
        for each in self.of(client):
            if not each.here:
                each.here = True
                self._say_subscribe(each)
                each.came += each.waiting
                each.waiting = []
                self._arrive(each)

    def leave(self, client: str) -> None:
        """Disconnect a client, or end one of its subscriptions."""
        its = [each for each in self.of(client) if each.here]
        if not its:
            return
        self.steps.append({"wait": PAUSE})
        if self.random.random() < 0.5 and len(its) == 1:
            self.steps.append({"unsubscribe": {"client": client}})
            its[0].ended = True
            return
        self.steps.append({"disconnect": {"client": client}})
        for each in its:
            each.here = False
            each.ended = not each.durable

    def publish(self) -> None:
        """Publish some messages."""
        over = self.random.choice(("mqtt", "stomp", "amqp"))
        queue = over != "mqtt" and self.random.random() < 0.35
        name = self.random.choice(QUEUES if queue else TOPICS)
        kind = "queue" if queue else "topic"
        region = self.random.choice((*REGIONS, None)) if over != "mqtt" else None
        step: dict[str, Any] = {"broker": "tokyo", "over": over, kind: name, "count": self.random.randint(1, 4)}
        if region is not None:
            step["headers"] = {"region": region}
        self.said += 1
        body = self.random.choice((None, None, "own", "equal", "strange"))
        retained = over == "mqtt" and self.random.random() < 0.4
        empty = retained and self.random.random() < 0.3
        if over == "mqtt":
            step["qos"] = self.random.choice((0, 1, 2))
        if retained:
            step |= {"retained": True, "count": 1}
        if empty:
            step["body"] = ""
        elif body == "own":
            step["body"] = f"own {self.said} {{n}}"
        elif body == "equal":
            step["body"] = "equal"
        elif body == "strange" and step["count"] == 1:
            step["file"] = "strange.body"
        equal = empty or body == "equal" or "file" in step
        sent = Sent(destination=f"{kind} {name}", count=step["count"], over=over, equal=equal, region=region)
        self.steps.append({"publish": step})
        if any(hears(each.heard, sent.destination) and not each.ended for each in self.subscriptions):
            self.heard.add(sent.destination)
        if queue:
            self.in_queues.append((sent, sent.count))
            self._take_from_queues()
            return
        for each in self.subscriptions:
            if each.takes(sent):
                (each.came if each.here else each.waiting).append((sent, sent.count))
        if empty:
            self.retained.pop(name, None)
        elif retained:
            self.retained[name] = sent

    def _say_subscribe(self, its: Listening) -> None:
        kind, _, name = its.heard.partition(" ")
        step: dict[str, Any] = {"client": its.client, "broker": "tokyo", "over": its.over, kind: name}
        if its.over == "mqtt":
            step["qos"] = 1
        if its.durable:
            step["client-id"] = its.client
            step |= {"clean-session": False} if its.over == "mqtt" else {"durable": True}
        if its.selector is not None:
            step["selector"] = f"region = '{its.selector}'"
        self.steps.append({"subscribe": step})

    def _arrive(self, new: Listening) -> None:
        """Give a new subscription what is retained, and what waits in its queue."""
        self.steps.append({"wait": PAUSE})
        if new.over == "mqtt":
            new.came += [(sent, 1) for name, sent in self.retained.items() if hears(new.heard, f"topic {name}")]
        self._take_from_queues()

    def _take_from_queues(self) -> None:
        for pair in list(self.in_queues):
            if any(each.here and each.takes(pair[0]) for each in self.subscriptions):
                self.in_queues.remove(pair)
                self.by_queue.append(pair)

    def expectations(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield expectations, and the verdict that each must have."""
        pairs = [(client, topic) for client in self.over for topic in TOPICS if f"topic {topic}" in self.heard]
        self.random.shuffle(pairs)
        for client, topic in pairs[:6]:
            hearing = [
                each for each in self.subscriptions if each.client == client and hears(each.heard, f"topic {topic}")
            ]
            if not hearing:
                continue
            promise = self.random.choice(PROMISES)
            asked = {"to": client, "topic": topic, "promise": promise, "within": WITHIN}
            yield {"delivered": asked}, self._of_topic(hearing, topic, promise)

    def _of_topic(self, hearing: list[Listening], topic: str, promise: str) -> str:
        came = [pair for each in hearing for pair in each.came if pair[0].destination == f"topic {topic}"]
        waiting = [pair for each in hearing for pair in each.waiting if pair[0].destination == f"topic {topic}"]
        if promise == "nothing":
            return "failed" if came else "unknown"
        alike = any(self._alike(each, topic) for each in hearing)
        return "?" if waiting or alike else "passed" if came else "unknown"

    def _alike(self, its: Listening, topic: str) -> bool:
        """Return whether a subscription was to receive equal bodies without ids: then unknown is an honest word too.

        MQTT does not say to which topic a message was sent, so that those of others count, where one is of this.
        """
        equal = [pair for pair in its.came if pair[0].equal and "mqtt" in (its.over, pair[0].over)]
        of_it = any(sent.destination == f"topic {topic}" for sent, _ in equal)
        return of_it and sum(number for _, number in equal) > 1


def drawn(seed: int) -> Drawn:
    """Return the scenario of a seed."""
    story = _Story(seed)
    for client in story.over:
        story.subscribe(client)
    for _ in range(14):
        act = story.random.choice(("publish", "publish", "publish", "subscribe", "leave", "come back"))
        client = story.random.choice(("a", "b", "c"))
        if act == "publish":
            story.publish()
        elif act == "subscribe":
            story.subscribe(client)
        elif act == "leave":
            story.leave(client)
        else:
            story.come_back(client)
    pairs = list(story.expectations())
    scenario = {
        "scenario": f"truth {seed}",
        "topology": "one-broker.yaml",
        "steps": story.steps,
        "expect": [expectation for expectation, _ in pairs],
    }
    return Drawn(scenario=scenario, verdicts=[verdict for _, verdict in pairs])
