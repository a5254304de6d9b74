"""Expectations and applications that a program makes, in the words of a scenario file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from lab.declare.application import Application
from lab.declare.expectations.messages import Delivered
from lab.declare.fields import Declared
from lab.errors import InputError

_Model = TypeVar("_Model", bound=Declared)
Clients = Mapping[str, str | Mapping[str, Any]]  # by name: a client id, or the keys of `clients` in a scenario


def delivered(
    *,
    to: str | Sequence[str] | None = None,
    senders: str | Sequence[str] | None = None,
    at: str | None = None,
    queue: str | None = None,
    topic: str | None = None,
    promise: str = "exactly-once",
    within: str = "10s",
    quiet: str | None = None,
) -> Delivered:
    """Return the expectation `delivered` with the keys of a scenario file; `senders` is the key `from`.

    >>> delivered(senders="shop", to="billing", queue="orders", within="2s").words()
    'delivered: {queue: orders, to: billing, from: shop, promise: exactly-once, within: 2s}'
    """
    fields = {
        "to": to, "from": senders, "at": at, "queue": queue, "topic": topic, "promise": promise, "within": within,
        "quiet": quiet,
    }  # fmt: skip
    return _made(Delivered, {name: value for name, value in fields.items() if value is not None}, "delivered")


def applications_of(clients: Clients) -> Mapping[str, Application]:
    """Return applications by name; each is given as its client id, or as the keys of a scenario file."""
    return {
        name: _made(Application, {"client-id": its} if isinstance(its, str) else dict(its), f"clients: {name}")
        for name, its in clients.items()
    }


def _made(model: type[_Model], fields: Mapping[str, Any], name: str) -> _Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = first["msg"].removeprefix("Value error, ")
        right = f"keys that are valid: {', '.join(each.alias or key for key, each in model.model_fields.items())}"
        raise InputError.of(f"{name}{f', {where}' if where else ''}: {why}", right) from None
