"""The application: a shop that sends orders, and an office that bills each order once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from orders.messaging import Messaging

ORDERS, INVOICES = "orders", "invoices"


@dataclass(frozen=True)
class Order:
    """An order of one item."""

    number: int
    item: str
    pieces: int


@dataclass(frozen=True)
class Invoice:
    """The price of an order, in cents."""

    order: int
    cents: int


class Shop:
    """The end in Tokyo."""

    def __init__(self, messaging: Messaging) -> None:
        self._messaging = messaging
        messaging.listen(INVOICES)

    def order(self, order: Order) -> None:
        """Send an order; it is safe with the broker when this returns."""
        self._messaging.send(ORDERS, json.dumps(asdict(order)))

    def invoice(self, within: float) -> Invoice | None:
        """Return the next invoice; None if none comes within so many seconds."""
        body = self._messaging.next(within)
        return None if body is None else Invoice(**json.loads(body))


class BillingOffice:
    """The end in Singapore."""

    def __init__(self, messaging: Messaging, prices: dict[str, int]) -> None:
        self._messaging, self._prices = messaging, prices  # cents a piece
        self._billed: set[int] = set()
        messaging.listen(ORDERS)

    def bill(self, within: float) -> Order | None:
        """Take the next order and send its invoice, unless it was billed before; None if no order comes in time."""
        body = self._messaging.next(within)
        if body is None:
            return None
        order = Order(**json.loads(body))
        if order.number not in self._billed:
            self._billed.add(order.number)
            invoice = Invoice(order=order.number, cents=order.pieces * self._prices[order.item])
            self._messaging.send(INVOICES, json.dumps(asdict(invoice)))
        return order

    def serve(self, is_open: Callable[[], bool]) -> None:
        """Bill orders as they come, as long as the office is open."""
        while is_open():
            self.bill(within=0.2)
