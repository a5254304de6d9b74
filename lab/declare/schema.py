"""The JSON Schemas of scenario and topology files, for editors that complete and check them.

Made from the models, corrected where a file differs from the value read: paths, passwords, one-word entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from lab.activemq import releases
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Duration, RoundName, YesNo, types_in
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.topology import Broker, Host, ImpairmentFields, Region, Topology, User
from lab.declare.vpc import InboundRule, OutboundRule, Peering, RouteTable, SecurityGroup

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_INNER: tuple[type[BaseModel], ...] = (  # the parts of a topology that have defaults
    Broker, Host, Region, User, ImpairmentFields, Peering, RouteTable, SecurityGroup, InboundRule, OutboundRule,
)  # fmt: skip
_TEXT_OR_NUMBER = {"type": ["string", "number"]}  # an editor reads a plain 5.18 as a number
_VARIANT = {
    "description": "A scenario with other values",
    "type": "object",
    "additionalProperties": False,
    "required": ["variant-of", "scenario", "set"],
    "properties": {
        "variant-of": {"type": "string", "description": "The scenario's path, counted from this file"},
        "scenario": {**_TEXT_OR_NUMBER, "description": "What the variant is called"},
        "about": {**_TEXT_OR_NUMBER, "description": "What it changes, and what comes of it"},
        "set": {
            "description": "Values by KEYs, as --set takes them",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        "fails": {
            "description": "For a failing variant: texts that the reasons of failed verdicts must contain",
            "type": "array",
            "items": {"type": "string"},
        },
    },
}


def topology_schema() -> dict[str, Any]:
    """Return the schema of a topology file."""
    definitions = _definitions([Topology])
    return {"$schema": _DRAFT, "title": "A topology of mqlab", **definitions.pop("Topology"), "$defs": definitions}


def scenario_schema(
    steps: Mapping[str, type[Step]] = STEPS, kinds: Mapping[str, type[Expectation]] = EXPECTATIONS
) -> dict[str, Any]:
    """Return the schema of a scenario file."""
    definitions = _definitions([Topology, *steps.values(), *kinds.values()])
    definitions |= {kind.__name__: kind.file_schema(definitions[kind.__name__]) for kind in steps.values()}
    definitions["Step"] = _step_schema({verb: kind.__name__ for verb, kind in steps.items()})
    expectations = _one_key({expectation: kind.__name__ for expectation, kind in kinds.items()})
    definitions["Scenario"] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["scenario", "topology", "steps"],
        "properties": {
            "scenario": {**_TEXT_OR_NUMBER, "description": "What the story is called"},
            "about": {**_TEXT_OR_NUMBER, "description": "Why anyone would care"},
            "topology": {
                "description": "A path, counted from this file, or the topology itself",
                "oneOf": [{"type": "string"}, {"$ref": "#/$defs/Topology"}],
            },
            "seed": {"type": ["integer", "string"], "pattern": "^[0-9_]+$", "default": 1},
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}},
            "expect": {"type": "array", "items": expectations},
        },
    }
    definitions["Variant"] = _VARIANT
    return {
        "$schema": _DRAFT,
        "title": "A scenario of mqlab",
        "if": {"required": ["variant-of"]},
        "then": {"$ref": "#/$defs/Variant"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": definitions,
    }


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
            its, key = definitions[model.__name__]["properties"], field.alias or name
            its[key] = _field_schema(set(types_in(field.annotation)), its[key])
    definitions["Broker"]["properties"]["engine-version"] = {**_TEXT_OR_NUMBER, "default": releases.DEFAULT}
    for name, key in (("Broker", "security-groups"), ("Host", "security-groups"), ("RouteTable", "subnets")):
        its = definitions[name]["properties"]
        its[key] = _one_or_many(its[key])
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


def _step_schema(verbs: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a step: one verb, and optionally `at`, `as` and `fails`."""
    moment = {**TypeAdapter(Duration).json_schema(), "description": "When it begins, since the replay began"}
    name = {**TypeAdapter(RoundName).json_schema(), "description": "A name of its own, for `after` of an expectation"}
    fails = {
        **TypeAdapter(YesNo).json_schema(),
        "description": "Whether it is the story that the step does not do what it asks",
    }
    properties = {verb: {"$ref": f"#/$defs/{name}"} for verb, name in verbs.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**properties, "at": moment, "as": name, "fails": fails},
        "oneOf": [{"required": [verb]} for verb in verbs],
    }


def _one_or_many(listed: Mapping[str, Any]) -> dict[str, Any]:
    return {"oneOf": [listed["items"], {"type": "array", "minItems": 1, "items": listed["items"]}]}


def _one_key(names: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a mapping with exactly one key; `names` has the definition of the value by key."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {word: {"$ref": f"#/$defs/{name}"} for word, name in names.items()},
    }


def _cleaned(value: Any) -> Any:
    """Return a schema without what pydantic adds and no file can hold: titles made of field names, and nulls."""
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if not isinstance(value, dict):
        return value
    choices = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        value = {**choices[0], **{key: each for key, each in value.items() if key != "anyOf"}}
    return {key: _cleaned(each) for key, each in value.items() if not _is_superfluous(key, each)}


def _is_superfluous(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, []))
