"""The acts of the page: fields that a browser sends → the verbs of a lab, and the command that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from lab.dataclass import dataclass
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.steps.impair import Impair
from lab.errors import InputError
from lab.living.verb_arguments import read
from lab.network.link import impairment_figures
from lab.runtime.status import DirectionNow

LONGEST_DELAY_MS = 60_000
_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {  # act → its fields, and those that may be left out
    "cut": (frozenset({"link", "leaving"}), frozenset({"leaving"})),
    "heal": (frozenset({"link", "leaving"}), frozenset({"leaving"})),
    "delay": (frozenset({"link", "ms"}), frozenset()),
    **dict.fromkeys(
        ("stop", "kill", "start", "pause", "resume"), (frozenset({"broker", "instance"}), frozenset({"instance"}))
    ),
    "reboot": (frozenset({"broker"}), frozenset()),
    "connector": (frozenset({"broker", "name", "do"}), frozenset()),
    "publish": (frozenset({"broker", "topic", "queue", "body"}), frozenset({"topic", "queue"})),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An act that the page offers: the label of its button, its fields, and a question to ask before it is done."""

    label: str
    fields: Mapping[str, str]
    asks: str = ""

    def to_dict(self, run: str) -> dict[str, Any]:
        """Return the offer as the page's script reads it."""
        return {
            "label": self.label,
            "fields": dict(self.fields),
            "asks": self.asks,
            "command": command(run, Act.of(self.fields)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act with its fields, all of them texts."""

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: object) -> Act:
        """Return the act of a request; raise InputError for any other content."""
        if not isinstance(content, Mapping) or not all(isinstance(text, str) for text in content.values()):
            raise InputError.of("the request is not an act", "send an object of texts")
        name = content.get("act", "")
        if name not in _FIELDS:
            raise InputError.of("the act is unknown", f"send one of {', '.join(_FIELDS)}")
        fields = {key: text for key, text in content.items() if key != "act"}
        known, optional = _FIELDS[name]
        if not known - optional <= fields.keys() <= known:
            raise InputError.of(f"the act {name} has other fields", f"send {', '.join(sorted(known))}")
        if name == "publish" and ("topic" in fields) == ("queue" in fields):
            raise InputError.of("a message goes to one topic or one queue", "send topic or queue")
        return cls(name=name, fields=fields)


def verbs(act: Act, ways: Sequence[DirectionNow]) -> tuple[Step, ...]:
    """Return the verbs of an act that is no message; `ways` are the directions of all links, as they are set now."""
    if act.name != "delay":
        return (read(STEPS[act.name], **act.fields),)
    ms = _milliseconds(act.fields["ms"])
    its = [way for way in ways if way.link == act.fields["link"]]
    if not its:
        return (read(STEPS["impair"], link=act.fields["link"], delay=f"{ms:g}ms"),)  # which is refused by name
    figures = [{**impairment_figures(way.setting.impairment), "delay": f"{ms:g}ms"} for way in its]
    if all(each == figures[0] for each in figures):
        return (_impair(its[0].link, None, figures[0]),)
    return tuple(_impair(way.link, way.leaving, each) for way, each in zip(its, figures, strict=True))


def command(run: str, act: Act, done: Sequence[Step] = ()) -> str:
    """Return the command that does the same as an act; of a new delay, as its verbs are."""
    fields = act.fields
    match act.name:
        case "cut" | "heal":
            words = ["link", act.name, fields["link"], *_options(fields, "leaving")]
        case "delay":
            return " && ".join(_line(run, _impair_words(verb)) for verb in done if isinstance(verb, Impair))
        case "connector":
            words = ["connector", fields["do"], fields["broker"], fields["name"]]
        case "publish":
            words = ["publish", fields["broker"], fields["body"], *_options(fields, "topic", "queue")]
            if any(text.startswith("-") for text in fields.values()):
                return _line(run, ["publish", *words[3:]], words[1:3])
        case _:
            words = ["broker", act.name, fields["broker"], *_options(fields, "instance")]
    return _line(run, words)


def _impair(link: str, leaving: str | None, figures: Mapping[str, str]) -> Step:
    its = {key.replace("-", "_"): text for key, text in figures.items()}
    return read(STEPS["impair"], link=link, leaving=leaving, **its)


def _impair_words(verb: Impair) -> list[str]:
    figures = {"delay": "0ms", **impairment_figures(verb.new_impairment)}
    leaving = {} if verb.leaving is None else {"leaving": verb.leaving}
    return ["link", "impair", verb.link, *_options({**leaving, **figures}, *leaving, *figures)]


def _options(fields: Mapping[str, str], *names: str) -> list[str]:
    return [word for name in names if name in fields for word in (f"--{name}", fields[name])]


def _line(run: str, arguments: Sequence[str], behind: Sequence[str] = ()) -> str:
    """Return a line for a shell; arguments that may begin with a dash are behind a --."""
    return shlex.join(["mqlab", *arguments, "--run", run, *(["--", *behind] if behind else [])])


def _milliseconds(text: str) -> float:
    try:
        ms = float(text)
    except ValueError:
        ms = -1.0
    if not 0 <= ms <= LONGEST_DELAY_MS:
        raise InputError.of("ms: the delay is not a number of milliseconds", f"send 0 to {LONGEST_DELAY_MS}")
    return round(ms, 3)
