"""The acts of the page: fields that a browser sends → the verbs of a lab, and the command that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.steps.links import Impair
from lab.declare.steps.network import AuthorizeIngress, RevokeIngress
from lab.errors import InputError
from lab.living.verb_arguments import ingress, read
from lab.network.link import impairment_figures
from lab.runtime.status import DirectionNow

LONGEST_DELAY_MS = 60_000
_SOURCES = ("cidr", "source_group")
ON_CLIENTS = ("publish", "listen", "stop-listening")  # acts of the page's own clients
_INSTANCE = frozenset({"broker", "instance"}), frozenset({"instance"})
_LINK = frozenset({"link", "leaving"}), frozenset({"leaving"})
_RULE = frozenset({"group", "source", "port", "protocol"}), frozenset({"port", "protocol"})
_PLACE = frozenset({"broker", "kind", "name", "over"})
_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {  # act → its fields, and those that may be left out
    "cut": _LINK,
    "heal": _LINK,
    "delay": (frozenset({"link", "ms"}), frozenset()),
    **dict.fromkeys(("stop", "kill", "start", "pause", "resume"), _INSTANCE),
    "reboot": (frozenset({"broker"}), frozenset()),
    "connector": (frozenset({"broker", "name", "do"}), frozenset()),
    "authorize": _RULE,
    "revoke": _RULE,
    "publish": (_PLACE | {"body"}, frozenset({"over", "body"})),
    "listen": (_PLACE, frozenset({"over"})),
    "stop-listening": (frozenset({"listener"}), frozenset()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An act that the page offers: the label of its button, its object in words, and its fields."""

    label: str
    object: str
    fields: Mapping[str, str]

    def to_dict(self, run: str) -> dict[str, Any]:
        """Return the offer as the page's script reads it."""
        act = Act.of(self.fields)
        return {
            "label": self.label,
            "name": f"{self.label} {self.object}",
            "fields": dict(self.fields),
            "asks": bool(question(act)),
            "command": command(run, act),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act with its fields, all of them texts; `sure` if its question has been answered."""

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    sure: bool = False

    @classmethod
    def of(cls, content: object) -> Act:
        """Return the act of a request; raise InputError for any other content."""
        if not isinstance(content, Mapping) or not all(isinstance(text, str) for text in content.values()):
            raise InputError.of("the request is not an act", "send an object of texts")
        name = content.get("act", "")
        if name not in _FIELDS:
            raise InputError.of("the act is unknown", f"send one of {', '.join(_FIELDS)}")
        fields = {key: text for key, text in content.items() if key not in ("act", "sure")}
        known, optional = _FIELDS[name]
        if not known - optional <= fields.keys() <= known:
            raise InputError.of(f"the act {name} has other fields", f"send {', '.join(sorted(known))}")
        if "kind" in fields and fields["kind"] not in ("topic", "queue"):
            raise InputError.of("kind: a destination is a topic or a queue", "send topic or queue")
        return cls(name=name, fields=fields, sure=content.get("sure") == "yes")

    @property
    def topic(self) -> str | None:
        """Return the topic that is named, None if a queue is."""
        return self.fields["name"] if self.fields["kind"] == "topic" else None

    @property
    def queue(self) -> str | None:
        """Return the queue that is named, None if a topic is."""
        return self.fields["name"] if self.fields["kind"] == "queue" else None

    @property
    def over(self) -> str:
        """Return the protocol of a client: as commands have it, if no protocol is chosen."""
        queue = self.fields["kind"] == "queue"
        over = self.fields.get("over") or ("stomp" if queue else "mqtt")
        if queue and protocol(over) == "mqtt":
            raise InputError.of(f"{over} has no queues", "choose stomp or amqp")
        return over


def question(act: Act) -> str:
    """Return the question to ask before an act that destroys something; "" for any other act."""
    fields = act.fields
    broker = fields.get("broker", "")
    name = f"instance {fields['instance']} of {broker}" if "instance" in fields else broker
    match act.name:
        case "stop":
            return f"Stop {name}? Its connections end."
        case "kill":
            return f"Kill {name}? Its process ends at once."
        case "reboot":
            return f"Reboot {broker}? Its pending changes apply, and its connections end."
        case "connector" if fields["do"] == "stop":
            return f"Stop {fields['name']} of {broker}? Its bridges end."
        case "revoke":
            return f"Close {_rule(fields)} of {fields['group']}? New connections of that kind fail."
        case "listen" if fields["kind"] == "queue":
            return f"Listen to the queue {fields['name']} at {broker}? Each message that is shown leaves the queue."
    return ""


def verbs(act: Act, ways: Sequence[DirectionNow]) -> tuple[Step, ...]:
    """Return the verbs of an act that is no message; `ways` are the directions of all links, as they are set now."""
    if act.name in ("authorize", "revoke"):
        kind = AuthorizeIngress if act.name == "authorize" else RevokeIngress
        return (ingress(kind, act.fields["group"], **{**dict.fromkeys(_SOURCES), **_rule_options(act.fields, "_")}),)
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
    """Return the command that does the same as an act, "" if there is none; of a new delay, as its verbs are."""
    fields = act.fields
    match act.name:
        case "cut" | "heal":
            words = ["link", act.name, fields["link"], *_options(fields, "leaving")]
        case "delay":
            return " && ".join(_line(run, _impair_words(verb)) for verb in done if isinstance(verb, Impair))
        case "connector":
            words = ["connector", fields["do"], fields["broker"], fields["name"]]
        case "authorize" | "revoke":
            rule = _rule_options(fields, "-")
            words = ["sg", act.name, fields["group"], *_options(rule, *rule)]
        case "publish" | "listen":
            named = {fields["kind"]: fields["name"]}
            chosen = {"over": act.over} if fields.get("over") else {}
            options = _options({**named, **chosen}, *named, *chosen)
            behind = [fields["broker"], *([fields.get("body", "")] if act.name == "publish" else [])]
            if any(text.startswith("-") for text in (*behind, fields["name"])):
                return _line(run, [act.name, *options], behind)
            words = [act.name, *behind, *options]
        case "stop-listening":
            return ""  # the command ends with Ctrl-C
        case _:
            words = ["broker", act.name, fields["broker"], *_options(fields, "instance")]
    return _line(run, words)


def _rule(fields: Mapping[str, str]) -> str:
    rule = fields.get("protocol") or "tcp", fields.get("port", ""), fields["source"]
    return " ".join(filter(None, rule))


def _rule_options(fields: Mapping[str, str], dash: str) -> dict[str, str]:
    """Return the options of a rule: a source that begins with a digit, or has a slash, is an address; else a group."""
    address = "/" in fields["source"] or fields["source"][:1].isdigit()
    source = "cidr" if address else f"source{dash}group"
    chosen = {key: fields[key] for key in ("port", "protocol") if fields.get(key)}
    return {source: fields["source"], **chosen}


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
