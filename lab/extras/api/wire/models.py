"""A service's model: its operations, and the shapes of their requests and answers, as data of botocore's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from lab.base.dataclass import dataclass

MODELS = "models.json"  # `python -m tests.extras.api.prune` writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a structure, or the content of a list or a map: the name on the wire, and the shape."""

    name: str
    shape: Shape
    wire_name: str
    query_name: str
    location: str = ""  # uri, querystring or header; "" is the body


class Shape:
    """The shape of a part of a request or an answer; members are read when they are needed, since shapes may recur."""

    def __init__(self, model: Model, traits: Mapping[str, Any]) -> None:
        self._model = model
        self.traits = traits
        self.kind: str = traits["type"]
        self.enum = frozenset(text.upper() for text in traits.get("enum", ()))
        self.required: tuple[str, ...] = tuple(traits.get("required", ()))
        self._members: Mapping[str, Member] | None = None

    @property
    def members(self) -> Mapping[str, Member]:
        """Return the members of a structure by name."""
        if self._members is None:
            names = self.traits.get("members", {})
            self._members = {name: self._model.member(name, reference) for name, reference in names.items()}
        return self._members

    @property
    def content(self) -> Member:
        """Return the content of a list or a map."""
        return self._model.member("member", self.traits["member" if self.kind == "list" else "value"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: its name, its way in HTTP, and both shapes, if the operation has any."""

    name: str
    method: str
    path: str
    status: int
    request: Shape | None
    answer: Shape | None


class Model:
    """The model of one service."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._shapes = document["shapes"]
        self.protocol: str = document["metadata"]["protocol"]
        self.version: str = document["metadata"]["apiVersion"]
        self.namespace: str = document["metadata"].get("xmlNamespace", "")
        self.operations = {name: self._operation(name, traits) for name, traits in document["operations"].items()}

    def member(self, name: str, reference: Mapping[str, Any]) -> Member:
        """Return a member by its reference to a shape, whose traits hold where the reference has none."""
        traits = {**self._shapes[reference["shape"]], **reference}
        wire_name = traits.get("locationName", name)
        return Member(
            name=name,
            shape=_shape(self, reference["shape"]),
            wire_name=wire_name,
            query_name=traits.get("queryName", wire_name[:1].upper() + wire_name[1:]),
            location=traits.get("location", ""),
        )

    def traits(self, name: str) -> Mapping[str, Any]:
        """Return the traits of a shape by its name."""
        found: Mapping[str, Any] = self._shapes[name]
        return found

    def _operation(self, name: str, traits: Mapping[str, Any]) -> Operation:
        shapes = [_shape(self, traits[key]["shape"]) if key in traits else None for key in ("input", "output")]
        way = traits["http"]
        return Operation(
            name=name,
            method=way["method"],
            path=way["requestUri"],
            status=way.get("responseCode", 200),
            request=shapes[0],
            answer=shapes[1],
        )


@cache
def models() -> Mapping[str, Model]:
    """Return the models of the served services, by the name that signatures have for a service."""
    return {name: Model(document) for name, document in _document()["models"].items()}


@cache
def variables(service: str) -> tuple[str, ...]:
    """Return the environment variables that send a service elsewhere, by the name in its signatures; () if unknown."""
    return tuple(f"AWS_ENDPOINT_URL_{name}" for name in _document()["services"].get(service, ()))


@cache
def _shape(model: Model, name: str) -> Shape:
    return Shape(model, model.traits(name))


@cache
def _document() -> Mapping[str, Any]:
    text = resources.files("lab.extras.api").joinpath(MODELS).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found
