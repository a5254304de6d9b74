"""The JSON Schemas of scenario and topology files, for editors that complete and check them.

Made from the models, corrected where a file differs from the value read: paths, passwords, one-word entries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from lab.activemq import releases
from lab.base.descriptions import DRAFT, sentences, summary
from lab.declare.application import Application
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.fields import types_in
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.base import EntryFields, Step
from lab.declare.topology import Broker, Host, ImpairmentFields, Region, Topology, User
from lab.declare.variant_file import VariantFile
from lab.declare.vpc import InboundRule, OutboundRule, Peering, RouteTable, SecurityGroup

_INNER: tuple[type[BaseModel], ...] = (  # the parts of a topology that have defaults
    Broker, Host, Region, User, ImpairmentFields, Peering, RouteTable, SecurityGroup, InboundRule, OutboundRule,
)  # fmt: skip
_TEXT_OR_NUMBER = {"type": ["string", "number"]}  # an editor reads a plain 5.18 as a number


def topology_schema() -> dict[str, Any]:
    """Return the schema of a topology file."""
    definitions = _definitions([Topology])
    return {"$schema": DRAFT, "title": "A topology of mqlab", **definitions.pop("Topology"), "$defs": definitions}


def scenario_schema(
    steps: Mapping[str, type[Step]] = STEPS, kinds: Mapping[str, type[Expectation]] = EXPECTATIONS
) -> dict[str, Any]:
    """Return the schema of a scenario file."""
    definitions = _definitions([Topology, Application, EntryFields, *steps.values(), *kinds.values()])
    definitions |= {kind.__name__: kind.file_schema(definitions[kind.__name__]) for kind in steps.values()}
    definitions["Step"] = _step_schema(steps, definitions.pop("EntryFields"))
    scenario = {
        "scenario": _TEXT_OR_NUMBER,
        "about": _TEXT_OR_NUMBER,
        "topology": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/Topology"}]},
        "seed": {"type": ["integer", "string"], "pattern": "^[0-9_]+$", "default": 1},
        "user": {"type": "string"},
        "clients": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/Application"}},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}},
        "expect": {"type": "array", "items": _one_key(kinds)},
    }
    variant = {
        "variant-of": {"type": "string"},
        "scenario": _TEXT_OR_NUMBER,
        "about": _TEXT_OR_NUMBER,
        "set": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "fails": {"type": "array", "items": {"type": "string"}},
    }
    judged = {"anyOf": [{"required": ["steps"]}, {"required": ["clients"]}]}
    definitions["Scenario"] = {**_file_schema(Scenario, scenario, ["scenario", "topology"]), **judged}
    definitions["Variant"] = _file_schema(VariantFile, variant, ["variant-of", "scenario", "set"])
    either = {
        "if": {"required": ["variant-of"]},
        "then": {"$ref": "#/$defs/Variant"},
        "else": {"$ref": "#/$defs/Scenario"},
    }
    return {"$schema": DRAFT, "title": "A scenario of mqlab", **either, "$defs": _used(either, definitions)}


def _used(schema: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions that a schema refers to, directly or through others."""
    waiting, known = [schema], set[str]()
    while waiting:
        for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(waiting.pop())):
            if name not in known:
                known.add(name)
                waiting.append(definitions[name])
    return {name: definition for name, definition in definitions.items() if name in known}


def _file_schema(model: type[BaseModel], properties: dict[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a mapping with the fields of a model, whose schemas are given."""
    return _described(
        model, {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}
    )


def _described(model: type[BaseModel], definition: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a model with its summary, and with the sentence of each field that it has."""
    written = sentences(model)
    mapping = definition if "properties" in definition else definition["oneOf"][-1]  # beside a quantity alone
    properties = mapping["properties"]
    for name, field in model.model_fields.items():
        if (key := field.alias or name) in properties and (sentence := field.description or written.get(name)):
            properties[key] = {**properties[key], "description": sentence}
    return {**definition, "description": summary(model) or model.__doc__}


def _definitions(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """Return the schemas of the models, and of the models inside them, by class name, as a file has them."""
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = schema["$defs"]
    definitions.pop("Configuration", None)  # a file has its path instead
    for model in (*models, *_INNER):
        for name, default in model.model_construct().model_dump(mode="json", by_alias=True).items():
            definitions[model.__name__]["properties"][name]["default"] = default
    for model in (*models, *_INNER):
        for name, field in model.model_fields.items():
            properties, key = definitions[model.__name__]["properties"], field.alias or name
            properties[key] = _field_schema(set(types_in(field.annotation)), properties[key])
    definitions["Broker"]["properties"]["engine-version"] = {**_TEXT_OR_NUMBER, "default": releases.DEFAULT}
    for name, key in (("Broker", "security-groups"), ("Host", "security-groups"), ("RouteTable", "subnets")):
        properties = definitions[name]["properties"]
        properties[key] = _one_or_many(properties[key])
    for model in _inside(models):
        if model.__name__ in definitions:
            definitions[model.__name__] = _described(model, definitions[model.__name__])
    for name, short_form in _SHORT_FORMS.items():
        if name in definitions:
            bounds = _not_empty(definitions[name])
            definitions[name] = {"description": bounds.pop("description"), "oneOf": [short_form(bounds), bounds]}
    return {name: _cleaned(definition) for name, definition in definitions.items()}


def _field_schema(types: set[Any], schema: Any) -> Any:
    """Return the schema of a field as a file has it, given the types in its annotation and the model's schema."""
    return _one_or_many(_cleaned(schema)) if tuple[str, ...] in types else schema


def _not_empty(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping's schema with at least one key required."""
    return {**definition, "minProperties": 1}


# Values written as a mapping or in a short form: the function makes the short form's schema from the mapping's.
_SHORT_FORMS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Reconnect": lambda reconnect: dict(reconnect["properties"]["after"]),
    "Receivers": lambda bounds: _one_or_many(bounds["properties"]["all"]),
}


def _step_schema(verbs: Mapping[str, type[Step]], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a step: one verb, and optionally a key beside it, `at`, `as` or `fails`."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**_references(verbs), **beside["properties"]},
        "oneOf": [{"required": [verb]} for verb in verbs],
    }


def _references(kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return a property for each kind, by its word: a reference to its definition, with its summary."""
    return {word: {"$ref": f"#/$defs/{kind.__name__}", "description": summary(kind)} for word, kind in kinds.items()}


def _inside(models: Iterable[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield models, and every model in their fields."""
    for model in models:
        yield model
        for field in model.model_fields.values():
            inner = {kind for kind in types_in(field.annotation) if isinstance(kind, type)}
            yield from _inside(kind for kind in inner if issubclass(kind, BaseModel))


def _one_or_many(listed: Mapping[str, Any]) -> dict[str, Any]:
    return {"oneOf": [listed["items"], {"type": "array", "minItems": 1, "items": listed["items"]}]}


def _one_key(kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of a mapping with exactly one key, the word of a kind."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": _references(kinds),
    }


def _cleaned(schema: Any) -> Any:
    """Return a schema without the titles and nulls that pydantic adds and that a file cannot have."""
    if isinstance(schema, list):
        return [_cleaned(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **{key: each for key, each in schema.items() if key != "anyOf"}}
    return {key: _cleaned(each) for key, each in schema.items() if not _is_superfluous(key, each)}


def _is_superfluous(key: str, schema: Any) -> bool:
    return (key == "title" and isinstance(schema, str)) or (key == "default" and schema in (None, []))
