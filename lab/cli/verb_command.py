"""Commands made from verbs: each field of a step is an argument or an option, and its sentence is the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from enum import EnumType
from functools import partial
from ipaddress import IPv4Network
from typing import Any, Literal, TypeVar, get_args, get_origin

import typer

from lab.base.descriptions import sentences, summary
from lab.base.units import format_duration
from lab.cli import completion, open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, QUIET, argument, declared, option
from lab.declare.fields import Declared, types_in
from lab.declare.steps.base import Step
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.operating import Done

_Verb = TypeVar("_Verb", bound=Step)
Show = Callable[[Live, Any, Done, bool], None]  # takes the lab, the verb, its outcome, and whether JSON is printed
_METAVARS: Mapping[Any, str] = {  # by field, or by type
    "port": "PORT", "requester": "REGION", "accepter": "REGION", "leaving": "REGION", "peering": "PEERING",
    timedelta: "TIME", IPv4Network: "CIDR", int: "N",
}  # fmt: skip
_COMPLETIONS = {
    "link": completion.links,
    "leaving": completion.regions,
    "requester": completion.regions,
    "accepter": completion.regions,
    "before": completion.brokers,
    "broker": completion.brokers,
}


def field_argument(kind: type[Declared], field: str, metavar: str = "") -> Any:
    """Return a command's argument for a field."""
    complete = completion.connectors if (kind.__name__, field) == ("ConnectorStep", "name") else None
    return argument(metavar or field.upper(), _help(kind, field), complete=complete)


def field_option(kind: type[Declared], field: str, spelling: str = "", metavar: str = "", default: Any = None) -> Any:
    """Return a command's option for a field; the field is required, or the option has a default."""
    info, types = kind.model_fields[field], list(types_in(kind.model_fields[field].annotation))
    name = spelling or f"--{(info.alias or field).replace('_', '-')}"
    if info.is_required():
        default = ...
    about = _help(kind, field)
    if bool in types:
        both = name if info.default is False else f"{name}/--no-{name.removeprefix('--')}"
        return typer.Option(default, both, help=about)
    words = [str(word) for each in types if get_origin(each) is Literal for word in get_args(each)]
    words += [str(word) for each in types if isinstance(each, EnumType) for word in each]  # type: ignore[var-annotated]
    known = next((_METAVARS[each] for each in (field, *types) if each in _METAVARS), "NAME")
    about = f"{about.removesuffix('.')} (repeatable)." if _is_list(types) else about
    shown = f"{name} {metavar or '|'.join(words) or known}"
    return option(shown, about, default, complete=_COMPLETIONS.get(field), show_default=False)


def _is_list(types: Sequence[Any]) -> bool:
    return any(get_origin(each) is tuple and get_args(each)[1:] == (...,) for each in types)


def command(kind: type[_Verb], show: Show, *, waits: bool = False, **declaration: Any) -> Callable[..., int | None]:
    """Return the command that does a verb to a running lab, and shows its outcome; see `declared_by` for its words.

    A verb that `waits` shows its progress.
    """

    def does(verb: _Verb, run: str | None, quiet: bool, json: bool) -> None:
        with open_lab.in_turn(run, quiet=quiet) as live:
            with options.progress(quiet).stage(verb.words()) if waits else nullcontext():
                done = live.do(verb)
            show(live, verb, done, json)

    return declared_by(kind, does, quiet=waits, **declaration)


def declared_by(
    kind: type[_Verb],
    does: Callable[[_Verb, str | None, bool, bool], None],
    *,
    example: str,
    arguments: Sequence[str] = (),
    spelled: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    more: Mapping[str, tuple[Any, Any]] | None = None,
    make: Callable[..., _Verb] | None = None,
    quiet: bool = False,
    about: str = "",
    **fixed: Any,
) -> Callable[..., int | None]:
    """Return a command with the words of a verb's declaration; `does` takes the verb, the run, `quiet` and `json`.

    The fields in `arguments` are arguments, those in `without` and `fixed` are not parameters, and all others are
    options. `spelled` has other names: the metavar of an argument, the spelling of an option. `more` has further
    options, which `make` takes besides the fields to make the verb.
    """
    other = spelled or {}
    labels = {field: field.upper() for field in arguments} | dict(other)
    make = make or partial(verb_arguments.read, kind, "--", labels)
    parameters: dict[str, tuple[Any, Any]] = {}
    for field in arguments:
        parameters[field] = (str, BROKER if field == "broker" else field_argument(kind, field, other.get(field, "")))
    for field in kind.model_fields:
        if field not in (*arguments, *without, *fixed):
            parameters[field] = (_given(kind, field), field_option(kind, field, other.get(field, "")))
    parameters |= {**(more or {}), "run": (str | None, OF_RUN)}
    parameters |= {**({"quiet": (bool, QUIET)} if quiet else {}), "json": (bool, JSON)}

    def run_verb(run: str | None, json: bool, quiet: bool = False, **given: Any) -> None:
        does(make(**fixed, **given), run, quiet, json)

    return declared(run_verb, f"{about or summary(kind)}\n\nExample: {example}", parameters)


def _given(kind: type[Declared], field: str) -> Any:
    """Return the type of an option's values: a flag, a list, or a text that the field reads."""
    types = list(types_in(kind.model_fields[field].annotation))
    given: Any = bool if bool in types else list[str] if _is_list(types) else str
    return given if kind.model_fields[field].is_required() else given | None


def _help(kind: type[Declared], field: str) -> str:
    """Return a field's sentence, with the default that a reader of the command line would not see otherwise."""
    info = kind.model_fields[field]
    sentence = info.description or sentences(kind)[field]
    match info.default:
        case timedelta() as duration if duration and "(default:" not in sentence:
            return f"{sentence.removesuffix('.')} (default: {format_duration(duration)})."
        case str() as text if text and "(default:" not in sentence:
            return f"{sentence.removesuffix('.')} (default: {text})."
    return sentence
