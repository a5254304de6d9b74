"""Proton's engine for what comes by the million: events, deliveries in and out; by the calls that its wrappers make.

A wrapper of proton's makes some five objects an event, and each of its calls lets Python's other threads in, which
costs more than the call. `cproton` is what they call, of the same distribution; it is touched in this file alone.
A delivery is a bare pointer here, good until it is settled or its link has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import proton
from cproton import ffi, lib

ACCEPTED, DECLINED = lib.PN_ACCEPTED, (lib.PN_REJECTED, lib.PN_RELEASED, lib.PN_MODIFIED)
_AT_ONCE = 65_536  # octets of a message to take at a time
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
    """Return what a wrapper wraps."""
    return wrapper._impl  # proton gives no other way


def wrapped(delivery: Pointer) -> Any:
    """Return a delivery that may be kept."""
    return proton.Delivery.wrap(delivery)  # type: ignore[no-untyped-call]


class Events:
    """What the engine tells: deliveries to one callback, those of the kinds wanted to another, and nothing else."""

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
        """Tell all that has happened."""
        collector, on_delivery = pointer(self._collector), self._on_delivery
        while event := _peek(collector):
            kind = _kind(event)
            if kind == _DELIVERY:
                on_delivery(_of_event(event))
            elif kind in self._wanted:
                self._on_event(proton.Event.wrap(event))  # type: ignore[no-untyped-call]
            _pop(collector)


class Tags:
    """Names for deliveries; one may be used again when its delivery is settled."""

    def __init__(self) -> None:
        self._free: list[Tag] = []
        self._made = 0

    def take(self) -> Tag:
        """Return a name that no other delivery has."""
        if self._free:
            return self._free.pop()
        self._made += 1
        octets = ffi.new("char[]", self._made.to_bytes(4, "big"))
        return ffi.new("pn_delivery_tag_t *", (4, octets)), octets  # the second holds what the first points at

    def give_back(self, tag: Tag) -> None:
        """Take a name back."""
        self._free.append(tag)


def send(link: Pointer, tag: Tag, octets: bytes) -> Pointer:
    """Have a message sent as soon as there is credit for it, and give its delivery."""
    delivery = _deliver(link, tag[0][0])
    _send(link, octets, len(octets))
    _advance(link)
    return delivery


class Inbox:
    """Takes messages out of the engine; for one thread."""

    def __init__(self) -> None:
        self._room = ffi.new("char[]", _AT_ONCE)

    def take(self, link: Pointer, delivery: Pointer) -> bytes | None:
        """Return a link's next message, None where it is not all there, or was taken already."""
        if not lib.pn_delivery_readable(delivery) or lib.pn_delivery_partial(delivery):
            return None
        parts = []
        while (size := _receive(link, self._room, _AT_ONCE)) == _AT_ONCE:
            parts.append(ffi.buffer(self._room, size)[:])
        if size < 0 and size != lib.PN_EOS:
            _settle(delivery)  # the broker has thought better of it
            return None
        if size > 0:
            parts.append(ffi.buffer(self._room, size)[:])
        return parts[0] if len(parts) == 1 else b"".join(parts)


def accept(delivery: Pointer) -> None:
    """Accept a message and forget it."""
    _update(delivery, ACCEPTED)
    _settle(delivery)
