"""A working day with the application's own clients: the brokers themselves record what becomes of each message."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from orders.application import BillingOffice, Invoice, Order, Shop

from lab import delivered
from lab.pytest_plugin.lab_of_test import LabOfTest

CLIENT_IDS = {"shop": "shop", "billing": "billing"}

pytestmark = pytest.mark.parametrize("connections", ["own"], indirect=True)


@pytest.fixture
def open_office(office: BillingOffice) -> Iterator[None]:
    """The billing office at work until the test ends."""
    closing = threading.Event()
    working = threading.Thread(target=office.serve, args=(lambda: not closing.is_set(),))
    working.start()
    yield
    closing.set()
    working.join()


@pytest.mark.usefixtures("open_office")
def test_no_order_and_no_invoice_of_a_day_is_lost_or_doubled_by_a_cut(mqlab: LabOfTest, shop: Shop) -> None:
    orders = delivered(senders="shop", to="billing", queue="orders", within="30s", quiet="1s")
    invoices = delivered(senders="billing", to="shop", queue="invoices", within="30s", quiet="1s")
    mqlab.expect(orders, invoices, clients=CLIENT_IDS)
    work(shop, 1, 2, 3)
    mqlab.cut()
    for number in (4, 5, 6):
        shop.order(Order(number=number, item="tea", pieces=1))
    assert shop.invoice(within=2) is None  # the orders wait in Tokyo
    mqlab.heal()
    for number in (4, 5, 6):
        assert shop.invoice(within=30) == Invoice(order=number, cents=350)
    work(shop, 7, 8, 9)


def work(shop: Shop, *numbers: int) -> None:
    """Order tea, and wait for each invoice."""
    for number in numbers:
        shop.order(Order(number=number, item="tea", pieces=1))
        assert shop.invoice(within=30) == Invoice(order=number, cents=350)
