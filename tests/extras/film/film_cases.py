"""Histories beside the scenes of their films; `films/` has the expected texts, one file for each case.

`python -m tests.extras.film.film_cases` writes the texts anew: look at `git diff` before you believe them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import structs

from lab.extras.film.page import content, film
from lab.extras.film.scenes import Film
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    Demand,
    DestinationSeen,
    Ended,
    Header,
    LinkChanged,
    Observation,
    Publishing,
    Received,
    Sent,
    SightChanged,
    Subscribed,
)
from lab.judge import judge_whole
from tests.report.histories import header, written

HERE = Path(__file__).parent / "films"
JUDGED = Path(__file__).parents[2] / "judge"
SPOKES = ("virginia", "frankfurt")
HUB: dict[str, Any] = {
    "topology": "hub",
    "regions": {
        "ie": {"aws-region": "eu-west-1"}, "us": {"aws-region": "us-east-1"}, "de": {"aws-region": "eu-central-1"}
    },
    "brokers": {
        "dublin": {"region": "ie", "engine-version": "5.18"},
        "virginia": {"region": "us", "engine-version": "5.18"},
        "frankfurt": {"region": "de", "engine-version": "5.18"},
    },
    "links": [{"between": ["ie", "us"]}, {"between": ["ie", "de"]}],
}  # fmt: skip


def hub_header() -> Header:
    return structs.replace(header(expect=()), declared={**header(expect=()).declared, "topology": HUB})


def hub() -> Iterator[Observation]:
    """Messages from spoke to spoke; one direction of a link is cut, a broker is not seen, and the hub is killed."""
    for spoke in SPOKES:
        for broker, remote, far in ((spoke, "dublin", False), ("dublin", spoke, True)):
            yield BridgeSeen(
                t=0.0, connector=f"{spoke}-all", broker=broker, remote=remote, remote_address="a",
                created_by_duplex=far, up=True,
            )  # fmt: skip
    yield Subscribed(t=0.2, client="desk", broker="frankfurt", over="stomp", destination="queue://orders", step=1)
    yield Demand(t=0.3, broker="virginia", destination="queue://orders", present=True)
    yield Publishing(
        t=0.4, step=2, client="shop", broker="virginia", over="stomp", destination="queue://orders", count=6,
        persistent=True, body="generated",
    )  # fmt: skip
    for number in range(1, 7):
        yield Sent(t=0.5 * number, id=f"2-{number}")
        yield Acknowledged(t=0.5 * number + 0.01, id=f"2-{number}")
        if number < 4:
            yield Received(t=0.5 * number + 0.1, client="desk", destination="queue://orders", id=f"2-{number}")
    yield LinkChanged(t=4.0, link="wan", leaving="us", reaching="ie", state="cut", impairment="delay 35ms")
    yield LinkChanged(t=4.5, link="wan", leaving="us", reaching="ie", state="open", impairment="delay 35ms")
    yield LinkChanged(t=4.6, link="rhine", leaving="ie", reaching="de", state="open", impairment="delay 200ms")
    yield SightChanged(t=5.5, broker="frankfurt", of="management", state="lost", since=5.0)
    yield SightChanged(t=6.0, broker="frankfurt", of="management", state="regained", since=5.0)
    yield BrokerChanged(t=7.0, broker="dublin", state="killed")
    for spoke in SPOKES:
        for t, broker, remote in ((7.0, "dublin", spoke), (7.2, spoke, "dublin")):
            yield BridgeSeen(
                t=t, connector=f"{spoke}-all", broker=broker, remote=remote, remote_address="a",
                created_by_duplex=broker == "dublin", up=False,
            )  # fmt: skip
    yield Demand(t=7.3, broker="virginia", destination="queue://orders", present=False)
    yield DestinationSeen(
        t=8.0, broker="virginia", destination="queue://orders", enqueued=6, dequeued=3, forwarded=3, queued=3,
        consumers=0,
    )  # fmt: skip
    yield Ended(t=8.0, complete=True)


CASES = ("lost-in-a-cut", "pair-fails-over", "cut-short", "hub")


def film_of(case: str, folder: Path) -> Film:
    """Return the film of a case."""
    path = written(folder / "history.jsonl", hub_header(), hub()) if case == "hub" else JUDGED / case / "history.jsonl"
    return film(judge_whole(path), cut_short=not path.read_bytes().endswith(b"\n"))


def shown(made: Film) -> str:
    """Return a film in words."""
    names = [" ".join((part.kind, *part.names)) for part in made.parts]
    lines = [f"{name}: {', '.join(part.state)}" for name, part in zip(names, made.parts, strict=True)]
    lines.append(f"ends at {made.end:.3f}{f': {made.missing}' if made.missing else ''}")
    for scene in made.scenes:
        lines.append(f"{scene.t:7.3f} {scene.tone:<6} {scene.caption}".rstrip())
        lines += [f"{'':15}{names[number]}: {', '.join(state)}" for number, state in scene.changes]
    ways = made.messages.directions
    lines += [f"way {way.source} → {way.target} over {', '.join(map(str, way.hops))}" for way in ways]
    for one in made.messages.deliveries:
        way = ways[one.direction]
        took = "never" if one.took is None else f"after {one.took:.3f}"
        lines.append(f"{one.sent:7.3f} {one.id} {way.source} → {way.target} {took}")
    lines += [f"mark {mark.t:.3f} {mark.tone}: {mark.label}" for mark in made.marks]
    return "\n".join(lines) + "\n"


def replayed(made: Film, t: float) -> dict[str, list[str]]:
    """Return the states at a moment, by kind and names, as the page's script comes to them."""
    told = content(made)
    states = [state for _, _, _, state, _ in told["parts"]]
    for moment, _, _, changes, _ in told["scenes"]:
        if moment <= t:
            for number, state in changes:
                states[number] = state
    return {" ".join((kind, *names)): state for (kind, _, names, *_), state in zip(told["parts"], states, strict=True)}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for each in CASES:
        with TemporaryDirectory() as place:
            (HERE / f"{each}.txt").write_text(shown(film_of(each, Path(place))), encoding="utf-8")
