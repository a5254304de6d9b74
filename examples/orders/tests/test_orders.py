"""The application at work, over an ocean."""

from __future__ import annotations

from orders.application import BillingOffice, Invoice, Order, Shop

from lab.pytest_plugin.lab_of_test import LabOfTest


def test_an_order_from_tokyo_is_billed_in_singapore(shop: Shop, office: BillingOffice) -> None:
    order = Order(number=1, item="tea", pieces=2)
    shop.order(order)
    assert office.bill(within=10) == order
    assert shop.invoice(within=10) == Invoice(order=1, cents=700)


def test_an_order_that_is_sent_again_is_billed_once(shop: Shop, office: BillingOffice) -> None:
    for _ in range(2):
        shop.order(Order(number=2, item="cup", pieces=1))
        assert office.bill(within=10) is not None
    assert shop.invoice(within=10) == Invoice(order=2, cents=1200)
    assert shop.invoice(within=1) is None


def test_an_order_waits_for_the_link_to_heal(mqlab: LabOfTest, shop: Shop, office: BillingOffice) -> None:
    mqlab.cut()
    shop.order(Order(number=3, item="tea", pieces=1))
    assert office.bill(within=2) is None
    mqlab.heal()
    assert office.bill(within=10) is not None
    assert shop.invoice(within=10) == Invoice(order=3, cents=350)
