"""The JSON Schemas of the two files a person writes, so that an editor completes and checks them.

Made from the models, with what differs between a file and a Scenario put right: paths, passwords, one-word entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.json_schema import models_json_schema

from lab.activemq import releases
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Duration, types_in
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.topology import Broker, Configuration, ImpairmentFields, Region, Topology, User
from lab.declare.vpc import InboundRule, OutboundRule, Peering, RouteTable, SecurityGroup

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_INNER: tuple[type[BaseModel], ...] = (  # those of a topology's parts with defaults
    Broker, Region, User, ImpairmentFields, Peering, RouteTable, SecurityGroup, InboundRule, OutboundRule,
)  # fmt: skip
_TEXT_OR_NUMBER = {"type": ["string", "number"]}  # an editor reads a plain 5.18 as a number
_PASSWORD = {
    "description": "12 to 250 characters, or the environment variable that holds them",
    "oneOf": [
        {"type": "string", "minLength": 12, "maxLength": 250},
        {
            "type": "object",
            "properties": {"env": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
            "required": ["env"],
            "additionalProperties": False,
        },
    ],
}


def topology_schema() -> dict[str, Any]:
    """Return the schema of a topology file."""
    definitions = _definitions([Topology])
    return {"$schema": _DRAFT, "title": "A topology of mqlab", **definitions.pop("Topology"), "$defs": definitions}


def scenario_schema(
    steps: Sequence[type[Step]] = STEPS, claims: Sequence[type[Expectation]] = EXPECTATIONS
) -> dict[str, Any]:
    """Return the schema of a scenario file."""
    definitions = _definitions([Topology, *steps, *claims])
    definitions |= {kind.__name__: kind.file_schema(definitions[kind.__name__]) for kind in steps}
    definitions["Step"] = _step({kind.verb: kind.__name__ for kind in steps})
    expectations = _one_of({claim.claim: claim.__name__ for claim in claims})
    return {
        "$schema": _DRAFT,
        "title": "A scenario of mqlab",
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
        "$defs": definitions,
    }


def _definitions(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """Return the models' schemas by name, as a person writes them."""
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = schema["$defs"]
    for model in (*models, *_INNER):
        for name, default in model.model_construct().model_dump(mode="json", by_alias=True).items():
            definitions[model.__name__]["properties"][name]["default"] = default
    definitions.pop("Configuration")
    for model in (*models, *_INNER):
        for name, field in model.model_fields.items():
            its, key = definitions[model.__name__]["properties"], field.alias or name
            its[key] = _by_what_it_holds(set(types_in(field.annotation)), its[key])
    definitions["Broker"]["properties"]["engine-version"] = {**_TEXT_OR_NUMBER, "default": releases.DEFAULT}
    for name, key in (("Broker", "security-groups"), ("RouteTable", "subnets")):
        its = definitions[name]["properties"]
        its[key] = _one_or_many(its[key])
    for name, alone in _ALONE.items():
        if name in definitions:
            bounds = _bare(definitions[name])
            definitions[name] = {"description": bounds.pop("description"), "oneOf": [alone(bounds), bounds]}
    return {name: _plain(definition) for name, definition in definitions.items()}


def _by_what_it_holds(types: set[Any], schema: Any) -> Any:
    """Return the schema of a field as a person writes it, where that is another one than the model's."""
    if Configuration in types:
        return {"type": "string", "description": "A path to the XML, counted from this file"}
    if SecretStr in types:
        return _PASSWORD
    return _one_or_many(_plain(schema)) if tuple[str, ...] in types else schema


def _bare(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping's schema, which needs at least one key."""
    return {**definition, "minProperties": 1}


# Values that are written as a mapping, or more shortly as what the function gives, made from the mapping's schema.
_ALONE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Amount": lambda bounds: dict(bounds["properties"]["at-least"]["anyOf"][0]),
    "Bounds": lambda bounds: dict(bounds["properties"]["at-most"]["anyOf"][0]),
    "Reconnect": lambda reconnect: dict(reconnect["properties"]["after"]),
    "Receivers": lambda bounds: _one_or_many(bounds["properties"]["all"]),
}


def _step(verbs: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a step: one verb, perhaps with a moment beside it."""
    moment = {**TypeAdapter(Duration).json_schema(), "description": "When it begins, since the replay began"}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**{verb: {"$ref": f"#/$defs/{name}"} for verb, name in verbs.items()}, "at": moment},
        "oneOf": [{"required": [verb]} for verb in verbs],
    }


def _one_or_many(listed: Mapping[str, Any]) -> dict[str, Any]:
    return {"oneOf": [listed["items"], {"type": "array", "minItems": 1, "items": listed["items"]}]}


def _one_of(names: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a mapping of exactly one key, whose value the key decides."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {word: {"$ref": f"#/$defs/{name}"} for word, name in names.items()},
    }


def _plain(value: Any) -> Any:
    """Drop what pydantic adds and no file can hold: titles made of field names, and nulls."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    choices = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        value = {**choices[0], **{key: each for key, each in value.items() if key != "anyOf"}}
    return {key: _plain(each) for key, each in value.items() if not _dull(key, each)}


def _dull(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, []))
