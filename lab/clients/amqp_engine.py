"""Proton's C engine, called directly for what happens once a message: events and deliveries, in and out.

Proton's wrappers make some five objects an event, and each of their calls lets another of Python's threads run, which
costs more than the call. `cproton`, of the same distribution, is what they call; only this file uses it.
A delivery is a bare pointer here, valid until it is settled or its link has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import proton
from cproton import ffi, lib

ACCEPTED, DECLINED = lib.PN_ACCEPTED, (lib.PN_REJECTED, lib.PN_RELEASED, lib.PN_MODIFIED)
_AT_ONCE = 65_536  # octets of a message to read at a time
_DELIVERY = lib.PN_DELIVERY
_peek, _pop, _kind = lib.pn_collector_peek, lib.pn_collector_pop, lib.pn_event_type
_of_event, _send, _advance, _deliver = lib.pn_event_delivery, lib.pn_link_send, lib.pn_link_advance, lib.pn_delivery
_update, _settle, _receive = lib.pn_delivery_update, lib.pn_delivery_settle, lib.pn_link_recv

Pointer = Any  # hashed and compared by the address it holds
Tag = tuple[Any, Any]

link_of: Callable[[Pointer], Pointer] = lib.pn_delivery_link
answer: Callable[[Pointer], int] = lib.pn_delivery_remote_state
settled: Callable[[Pointer], bool] = lib.pn_delivery_settled
settle: Callable[[Pointer], None] = _settle
advance: Callable[[Pointer], bool] = _advance


def pointer(wrapper: Any) -> Pointer:
    """Return the engine's object that a wrapper of proton's wraps."""
    return wrapper._impl  # proton has no public name for it


def wrapped(delivery: Pointer) -> Any:
    """Return a delivery that may be kept, wrapped by proton."""
    return proton.Delivery.wrap(delivery)  # type: ignore[no-untyped-call]


class Events:
    """The engine's events: deliveries go to one callback, events of the wanted kinds to another."""

    def __init__(
        self,
        collector: proton.Collector,
        wanted: Iterable[Any],
        on_event: Callable[[Any], None],
        on_delivery: Callable[[Pointer], None],
    ) -> None:
        self._collector = collector
        self._wanted = {kind.number for kind in wanted}
        self._on_event, self._on_delivery = on_event, on_delivery

    def dispatch(self) -> None:
        """Call back for all events that have happened."""
        collector, on_delivery = pointer(self._collector), self._on_delivery
        while event := _peek(collector):
            kind = _kind(event)
            if kind == _DELIVERY:
                on_delivery(_of_event(event))
            elif kind in self._wanted:
                self._on_event(proton.Event.wrap(event))  # type: ignore[no-untyped-call]
            _pop(collector)


class Tags:
    """Names for deliveries; one is free again when its delivery is settled."""

    def __init__(self) -> None:
        self._free: list[Tag] = []
        self._made = 0

    def take(self) -> Tag:
        """Return a name that no open delivery has."""
        if self._free:
            return self._free.pop()
        self._made += 1
        octets = ffi.new("char[]", self._made.to_bytes(4, "big"))
        return ffi.new("pn_delivery_tag_t *", (4, octets)), octets  # the second keeps alive what the first points at

    def give_back(self, tag: Tag) -> None:
        """Free a name."""
        self._free.append(tag)


def send(link: Pointer, tag: Tag, octets: bytes) -> Pointer:
    """Send a message as soon as there is credit, and return its delivery."""
    delivery = _deliver(link, tag[0][0])
    _send(link, octets, len(octets))
    _advance(link)
    return delivery


class Inbox:
    """Reads messages from the engine; for one thread."""

    def __init__(self) -> None:
        self._room = ffi.new("char[]", _AT_ONCE)

    def take(self, link: Pointer, delivery: Pointer) -> bytes | None:
        """Return the octets of a link's current message, or None if it is incomplete or was read already."""
        if not lib.pn_delivery_readable(delivery) or lib.pn_delivery_partial(delivery):
            return None
        parts = []
        while (size := _receive(link, self._room, _AT_ONCE)) == _AT_ONCE:
            parts.append(ffi.buffer(self._room, size)[:])
        if size < 0 and size != lib.PN_EOS:
            _settle(delivery)  # the broker has aborted it
            return None
        if size > 0:
            parts.append(ffi.buffer(self._room, size)[:])
        return parts[0] if len(parts) == 1 else b"".join(parts)


def accept(delivery: Pointer) -> None:
    """Accept a message and settle it."""
    _update(delivery, ACCEPTED)
    _settle(delivery)
