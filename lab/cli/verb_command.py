"""Commands made from verbs: each field of a step is an argument or an option, and its sentence is the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import EnumType
from functools import partial
from inspect import Parameter, Signature
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import typer

from lab.base.descriptions import sentences, summary
from lab.base.units import format_duration
from lab.cli import completion, open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, QUIET
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


def argument(kind: type[Declared], field: str, metavar: str = "") -> Any:
    """Return a command's argument for a field."""
    complete = completion.connectors if (kind.__name__, field) == ("ConnectorStep", "name") else None
    return typer.Argument(metavar=metavar or field.upper(), help=_help(kind, field), autocompletion=complete)


def option(kind: type[Declared], field: str, spelling: str = "", metavar: str = "") -> Any:
    """Return a command's option for a field."""
    info, types = kind.model_fields[field], list(types_in(kind.model_fields[field].annotation))
    name = spelling or f"--{(info.alias or field).replace('_', '-')}"
    if bool in types:
        flag = name if info.default is False else f"{name}/--no-{name.removeprefix('--')}"
        return typer.Option(flag, help=_help(kind, field))
    words = [str(word) for each in types if get_origin(each) is Literal for word in get_args(each)]
    words += [str(word) for each in types if isinstance(each, EnumType) for word in each]  # type: ignore[var-annotated]
    known = next((_METAVARS[each] for each in (field, *types) if each in _METAVARS), "NAME")
    about = _help(kind, field)
    about = f"{about.removesuffix('.')} (repeatable)." if _is_list(types) else about
    complete = _COMPLETIONS.get(field)
    return typer.Option(
        name, metavar=metavar or "|".join(words) or known, help=about, show_default=False, autocompletion=complete
    )


def _is_list(types: Sequence[Any]) -> bool:
    return any(get_origin(each) is tuple and get_args(each)[1:] == (...,) for each in types)


def command(
    kind: type[_Verb],
    show: Show,
    *,
    example: str,
    arguments: Sequence[str] = (),
    spelled: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
    make: Callable[..., _Verb] | None = None,
    waits: bool = False,
    about: str = "",
    **fixed: Any,
) -> Callable[..., None]:
    """Return the command that does a verb to a running lab, and shows its outcome.

    The fields in `arguments` are arguments, those in `without` and `fixed` are not parameters, and all others are
    options. `spelled` has other names: the metavar of an argument, the spelling of an option. `more` has further
    options, which `make` takes besides the fields to make the verb. A verb that `waits` shows its progress.
    """
    other = spelled or {}
    labels = {field: field.upper() for field in arguments} | dict(other)
    make = make or partial(verb_arguments.read, kind, "--", labels)
    described: dict[str, Any] = {}
    for field in arguments:
        described[field] = BROKER if field == "broker" else Annotated[str, argument(kind, field, other.get(field, ""))]
    for field in kind.model_fields:
        if field not in (*arguments, *without, *fixed):
            described[field] = Annotated[_given(kind, field), option(kind, field, other.get(field, ""))]
    described |= {**(more or {}), "run": OF_RUN, **({"quiet": QUIET} if waits else {}), "json": JSON}

    def run_verb(run: str | None = None, quiet: bool = False, json: bool = False, **given: Any) -> None:
        verb = make(**fixed, **given)
        with open_lab.in_turn(run, quiet=quiet) as live:
            if waits:
                with options.progress(quiet).stage(verb.words()):
                    done = live.do(verb)
            else:
                done = live.do(verb)
            show(live, verb, done, json)

    run_verb.__doc__ = f"{about or summary(kind)}\n\nExample: {example}"
    run_verb.__signature__ = Signature(  # type: ignore[attr-defined]  # read by inspect, and so by typer
        [_parameter(kind, name, annotation) for name, annotation in described.items()]
    )
    return run_verb


def _parameter(kind: type[Declared], name: str, annotation: Any) -> Parameter:
    field = kind.model_fields.get(name)
    required = field is not None and field.is_required()
    default = Parameter.empty if required else False if name in ("quiet", "json") else None
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


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
