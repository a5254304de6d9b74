"""Turns the content of files into a Scenario, and every refusal of its models into a Problem in plain words.

The only module that knows how pydantic words and locates its errors.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lab.base import printable, wide_signs
from lab.base.masking import is_secret
from lab.base.suggestions import remedy
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Declared, NotWholeError, types_in
from lab.declare.origin import Keys, Origin
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.base import BESIDE_THE_VERB, Compound, EntryFields, Step, arrow_remedy
from lab.declare.topology import Configuration, Topology
from lab.declare.variant_file import VariantFile
from lab.declare.yaml_remedies import is_key_with_brace
from lab.errors import Problem

_Model = TypeVar("_Model", bound=Declared)
_Kinds = Mapping[str, type[Step]] | Mapping[str, type[Expectation]]
_SECRET = "password"
_MANY = 10**9  # an upper bound beyond it is no help to anyone
_BROKER = "write the name of a broker, such as tokyo: the lab knows the addresses of brokers"
_NAME = "write a name of at most 63 characters: a letter or a digit, then letters, digits, dots, dashes and underscores"
_MESSAGES = {
    "string_type": "a text is needed here",
    "string_unicode": "the text has half of a surrogate pair in it, which is no character",
    "model_type": "a mapping is needed here: key: value",
    "model_attributes_type": "a mapping is needed here: key: value",
    "mapping_type": "a mapping is needed here: key: value",
    "dict_type": "a mapping is needed here: key: value",
    "tuple_type": "a list is needed here",
    "string_too_short": "the text is empty",
    "too_short": "at least one is needed",
}


def validate(
    content: Any,
    origin: Origin,
    *,
    topology_read: bool,
    steps: Mapping[str, type[Step]] = STEPS,
    expectations: Mapping[str, type[Expectation]] = EXPECTATIONS,
) -> tuple[Scenario | None, tuple[Problem, ...]]:
    """Return the Scenario, or None and every Problem.

    With `topology_read` False the topology could not be read: it is ignored, and no Problem is about it.
    """
    found: list[Problem] = []
    if not isinstance(content, dict):
        return None, (
            Problem(
                what="a scenario is a mapping",
                remedy=remedy("", _keys_of(Scenario), "valid keys"),
                place=origin.place(),
            ),
        )
    shell = {key: value for key, value in content.items() if key not in ("topology", "steps", "expect")}
    parts: dict[str, Any] = {}
    if topology_read and "topology" in content:
        parts["topology"] = _validate_model(Topology, content["topology"], ("topology",), origin, found)
    for part, kinds in (("steps", steps), ("expect", expectations)):
        if part in content:
            parts[part] = _validate_entries(content[part], (part,), kinds, origin, found)
    if "clients" in content:
        parts.setdefault("steps", ())
    scenario = None
    try:
        scenario = Scenario.model_validate({**shell, **parts})
    except ValidationError as error:
        already = set(parts) if topology_read else {"topology", *parts}
        found += (
            _to_problem(each, Scenario, content, (), origin)
            for each in error.errors(include_url=False)
            if each["loc"][0] not in already
        )
    return (None if found else scenario), tuple(found)


def validate_step(entry: Any) -> tuple[Step | None, tuple[Problem, ...]]:
    """Return the step of an entry as `Scenario.declared` has it, or None and every Problem."""
    problems: list[Problem] = []
    steps = _validate_entries([entry], ("steps",), STEPS, Origin(), problems)
    step = steps[0] if steps and not problems else None
    assert step is None or isinstance(step, Step)
    return step, tuple(problems)


def validate_variant(content: Any, origin: Origin) -> tuple[VariantFile | None, tuple[Problem, ...]]:
    """Return the content of a variant's file, or None and every Problem."""
    found: list[Problem] = []
    return _validate_model(VariantFile, content, (), origin, found), tuple(found)


def _validate_entries(
    written: Any, path: Keys, kinds: _Kinds, origin: Origin, problems: list[Problem]
) -> tuple[Declared | None, ...]:
    """Validate a list whose entries are one word each, with its fields: `- cut: {link: a-b}`."""
    word, label = ("expectation", "expectations") if path == ("expect",) else ("verb", "verbs")
    if not isinstance(written, list):
        dashed = [key.lstrip("-\u3000") for key in written if key.startswith("-")] if isinstance(written, dict) else []
        right = f"write a space after the dash: - {dashed[0]}: …" if dashed else f"write - {word}: …"
        if isinstance(written, dict) and (known := [key for key in written if key in kinds]):
            right = f"write a dash before each {word}: - {known[0]}: …"
        problems.append(Problem(what=f"{path[-1]} is a list", remedy=right, place=origin.place(*path)))
        return ()
    entries: list[Declared | None] = []
    for number, entry in enumerate(written):
        here: Keys = (*path, number)
        others = {*BESIDE_THE_VERB} if word == "verb" else set()
        names = [each for each in entry if each not in others] if isinstance(entry, dict) else []
        if len(names) != 1:
            listed = f": {', '.join(names)}" if names else ""
            what = f"an entry of {path[-1]} is one {word} with its fields{listed}"
            right = f"write - {word}: {{…}}\n{label}: {', '.join(kinds)}"
            if isinstance(entry, str) and (parts := entry.partition(":"))[0] in kinds:
                right = f"write a colon and a space after {parts[0]}: - {parts[0]}: {parts[2].strip() or '{…}'}"
            problems.append(Problem(what=what, remedy=right, place=origin.place(*here)))
            continue
        (name,) = names
        if name not in kinds:
            right = remedy(name, kinds, label)
            if is_key_with_brace(name) and (meant := name.partition("{")[0].rstrip(" :")) in kinds:
                right = f"write a colon and a space after {meant}: {meant}: {{…}}"
            problems.append(Problem(what=f"no {word} {name!r}", remedy=right, place=origin.key(*here, name)))
            continue
        read = _validate_entry(kinds[name], entry[name], (*here, name), kinds, origin, problems)
        if isinstance(read, Step) and (beside := {key: entry[key] for key in others & entry.keys()}):
            its = _validate_model(EntryFields, beside, here, origin, problems)
            read = read.with_entry(at=its.at, named=its.named, fails=its.fails) if its is not None else read
        entries.append(read)
    return tuple(entries)


def _validate_entry(
    kind: type[Declared], fields: Any, path: Keys, kinds: _Kinds, origin: Origin, problems: list[Problem]
) -> Declared | None:
    """Validate the fields after a verb or an expectation; the inner steps of a step come first."""
    if issubclass(kind, Step) and (wrong := kind.shape_error(fields)) is not None:
        problems.append(Problem(what=wrong[0], remedy=wrong[1], place=origin.place(*path)))
        return None
    if not issubclass(kind, Compound):
        return _validate_model(kind, fields, path, origin, problems)
    before = len(problems)
    if kind.inside and not isinstance(fields, dict):
        return _validate_model(kind, fields, path, origin, problems)
    inner = kind.inner_entries(fields)
    if inner is None:
        return _validate_model(kind, fields if kind.inside else {}, path, origin, problems)
    steps = _validate_entries(inner, (*path, *kind.inside), kinds, origin, problems)
    if len(problems) == before:
        return _validate_model(kind, kind.with_inner(fields, steps), path, origin, problems)
    # The Problems of the inner steps are noted; the step's own fields are still checked.
    _validate_model(kind, kind.with_inner(fields, (Step.model_construct(),)), path, origin, problems)
    return None


def _validate_model(
    model: type[_Model], written: Any, path: Keys, origin: Origin, problems: list[Problem]
) -> _Model | None:
    try:
        return model.model_validate(written)
    except ValidationError as error:
        found = error.errors(include_url=False)
        strays = [(each["loc"][:-1], str(each["loc"][-1])) for each in found if each["type"] == "extra_forbidden"]
        elsewhere = {(*loc, _holder(_type_at(model, loc), key)[0]) for loc, key in strays}
        problems += (
            _to_problem(each, model, written, path, origin)
            for each in found
            if each["type"] != "missing" or each["loc"] not in elsewhere  # its keys are written a level too high
        )
    return None


def _to_problem(error: ErrorDetails, model: type[Declared], written: Any, path: Keys, origin: Origin) -> Problem:
    """Return the Problem of one of pydantic's errors."""
    loc = error["loc"]
    kind = error["type"]
    place = origin.place(*path, *loc)
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        owner, key = _type_at(model, loc[:-1]), str(loc[-1])
        return Problem(
            what=f"unknown key {key!r}",
            remedy=_inside(owner, key, error["input"]) or remedy(key, _keys_of(owner), "valid keys here"),
            place=origin.key(*path, *loc),
        )
    if kind == "missing":
        return _missing_key(loc, model, path, origin)
    if loc and loc[-1] == "[key]":
        place = origin.key(*path, *loc[:-1])
        shown = repr(loc[-2])
    else:
        shown = _quote(written, loc)
    if kind == "value_error":
        what = str(context["error"])
        right = _whole_numbers(model, loc) if isinstance(context["error"], NotWholeError) else ""
    elif kind in ("model_type", "model_attributes_type"):
        what, right = _MESSAGES[kind], _keys_needed(_type_at(model, loc), None if loc else written)
    elif kind in ("literal_error", "enum"):
        valid = _choices(str(context["expected"]))
        what, right = f"{shown} is not valid here", remedy(shown.strip("'\""), valid, "valid")
    elif kind == "string_pattern_mismatch":
        what = f"{shown} is not a name"
        arrow = arrow_remedy(shown.strip("'\"")) if loc and loc[-1] == "link" else ""
        right = arrow or wide_signs.remedy(shown) or (_BROKER if "://" in shown else _NAME)
    elif kind == "greater_than_equal":
        what, right = f"{shown} is too small", f"write at least {context['ge']}"
    elif kind == "less_than_equal":
        what, right = f"{shown} is too large", f"write at most {context['le']}"
    elif kind == "greater_than":
        what, right = f"{shown} is too small", f"write more than {context['gt']}"
    elif kind == "too_long":
        what, right = "there are too many here", f"write at most {context['max_length']}"
    elif kind == "union_tag_not_found":
        what = "a link is aws, or a mapping"
        right = "write aws, or {delay: 35ms}, or {leaving: {REGION: {delay: 35ms}, REGION: {delay: 40ms}}}"
    else:
        what, right = _MESSAGES.get(kind) or error["msg"], ""
    return Problem(what=what, remedy=right, place=place)


def _inside(model: Any, key: str, written: Any) -> str:
    """Return the remedy for a key that belongs into the value of another key of a model; "" if it does not."""
    field, holder = _holder(model, key)
    if holder is None:
        return ""
    if holder is Topology:
        return f"write {key} in the topology"
    shown = "…"
    if isinstance(written, str) and issubclass(holder, Declared):
        try:
            holder.model_validate({key: written})
            shown = written
        except ValidationError as error:
            found = re.search(r": write ([^\s,]+)", str(error.errors(include_url=False)[0]["msg"]))
            shown = found[1] if found else shown
    return f"write {field}: {{{key}: {shown}}}"


def _holder(model: Any, key: str) -> tuple[str, type[Any] | None]:
    """Return the field of a model whose value has a key, and the type of the value; None if there is none."""
    fields = dict(_fields_of(model))
    for name, field in fields.items():
        for part in _choices_of(field.annotation):
            if (
                isinstance(part, type)
                and issubclass(part, Declared)
                and part is not Configuration
                and key in _keys_of(part)
            ):
                return name, part
    return ("headers", dict) if "headers" in fields and is_secret(key) else ("", None)


def _choices_of(annotation: Any) -> Iterator[Any]:
    """Yield a type, or the members of a union."""
    if get_origin(annotation) is Annotated:
        yield from _choices_of(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _choices_of(member)
    else:
        yield annotation


def _whole_numbers(model: type[Declared], loc: Keys) -> str:
    """Return the remedy for a value that is not a whole number: the numbers that the field at a path takes."""
    field = dict(_fields_of(_type_at(model, loc[:-1]))).get(str(loc[-1])) if loc else None
    if field is None:
        return ""  # an item of a list has bounds of its own
    marks = [*field.metadata, *types_in(field.annotation)]
    marks += [mark for each in marks if isinstance(each, FieldInfo) for mark in each.metadata]
    bounds = [(getattr(mark, "ge", 0), getattr(mark, "gt", -1) + 1, getattr(mark, "le", inf)) for mark in marks]
    least, most = max((0, *(max(its[:2]) for its in bounds))), min((inf, *(its[2] for its in bounds)))
    return f"write a whole number, {least} or more" if most > _MANY else f"write a whole number from {least} to {most}"


def _keys_needed(model: Any, written: Any) -> str:
    """Return the remedy for a value, or None, that stands where a mapping is needed: the keys that it must have."""
    needed = [key for key, field in _fields_of(model) if field.is_required()]
    if not needed:
        return f"write {{KEY: …}}; valid keys here: {', '.join(_keys_of(model))}"
    plain = isinstance(written, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", written)
    value = written if plain and len(needed) == 1 and needed[0] != _SECRET else "…"
    return f"write {{{', '.join(f'{key}: {value}' for key in needed)}}}"


def _missing_key(loc: Keys, model: type[Declared], path: Keys, origin: Origin) -> Problem:
    if isinstance(loc[-1], int):
        return Problem(
            what="two regions are needed here", remedy="write [HERE, THERE]", place=origin.place(*path, *loc)
        )
    owner = [str(step) for step in (*path, *loc[:-1]) if isinstance(step, str) and not step.startswith("<")]
    where = owner[-1] if owner else "the scenario"
    valid = f"write {loc[-1]}: …; valid keys here: {', '.join(_keys_of(_type_at(model, loc[:-1])))}"
    what = f"{where} has no {loc[-1]}"
    if str(loc[-1]) == where.removeprefix("the "):  # its name is written after what it is
        what, valid = f"the {loc[-1]} has no name", f"write {loc[-1]}: and its name\n{valid}"
    return Problem(what=what, remedy=valid, place=origin.place(*path, *loc[:-1]))


def _quote(written: Any, loc: Keys) -> str:
    """Return the value at a path, quoted, unless it may be a password."""
    if _SECRET in loc:
        return "the password"
    for step in loc:
        inside = isinstance(step, int) and step < len(written) if isinstance(written, list) else False
        if inside or (isinstance(written, dict) and step in written):
            written = written[step]
    return printable.shown(written) if isinstance(written, str) else "this"


def _choices(expected: str) -> list[str]:
    """Return the words of pydantic's list of choices, a sentence such as `'a', 'b' or 'c'`."""
    return [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]


def _keys_of(model: Any) -> list[str]:
    return [key for key, _ in _fields_of(model)]


def _fields_of(model: Any) -> list[tuple[str, FieldInfo]]:
    """Return the fields of a model by the keys of a file; none if it is no model."""
    fields = model.model_fields.items() if isinstance(model, type) and issubclass(model, Declared) else ()
    return [(field.alias or name, field) for name, field in fields]


def _type_at(annotation: Any, loc: Keys) -> Any:
    """Return the type at a path inside a type."""
    if get_origin(annotation) is Annotated:
        return _type_at(get_args(annotation)[0], loc)
    if get_origin(annotation) in (Union, types.UnionType):
        return _type_at_member(get_args(annotation), loc)
    if not loc:
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        return _type_at_field(annotation, loc)
    arguments = get_args(annotation)
    return _type_at(arguments[0] if get_origin(annotation) is tuple else arguments[-1], loc[1:])


def _type_at_field(model: type[Declared], loc: Keys) -> Any:
    field = next(field for name, field in model.model_fields.items() if loc[0] in (field.alias, name))
    return _type_at(field.annotation, loc[1:])


def _type_at_member(choices: Sequence[Any], loc: Keys) -> Any:
    """Return the type at a path inside the member of a union that the path names by its tag, or the one not None."""
    for choice in choices:
        if loc and loc[0] in tuple(_tags(choice)):
            return _type_at(choice, loc[1:])
    return _type_at(next(choice for choice in choices if choice is not type(None)), loc)


def _tags(choice: Any) -> Iterator[str]:
    for extra in get_args(choice)[1:] if get_origin(choice) is Annotated else ():
        if isinstance(extra, Tag):
            yield extra.tag
