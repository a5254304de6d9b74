"""The application's two ends, each connected to the broker of its region: by its own clients, and by the lab's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from lab_messaging import LabMessaging
from orders.application import BillingOffice, Shop
from orders.messaging import Messaging
from orders.stomp_messaging import StompMessaging

from lab.pytest_plugin.lab_of_test import LabOfTest

CLAIMS = Path(__file__).with_name("claims.yaml")
PRICES = {"tea": 350, "cup": 1200}


class Connections:
    """Opens connections, and closes all of them."""

    def __init__(self, lab: LabOfTest, stack: ExitStack, *, own: bool) -> None:
        self._lab, self._stack, self._own = lab, stack, own

    def open(self, broker: str, name: str) -> Messaging:
        """Return a connection to a broker; `name` is its name in claims, and the client id of an own client."""
        if not self._own:
            return LabMessaging(self._lab.connect(broker, over="stomp", name=name))
        at = self._lab.endpoint(broker, "stomp")
        made = StompMessaging("localhost", at.port, at.ca_file, at.user, at.password.get_secret_value(), name)
        return self._stack.enter_context(closing(made))


@pytest.fixture(params=["own", "lab"])
def connections(request: pytest.FixtureRequest, mqlab: LabOfTest) -> Iterator[Connections]:
    """Connections by the application's own clients, and then by the lab's, whose messages are judged too."""
    own = request.param == "own"
    if own and mqlab.runtime == "simulation":
        pytest.skip("a model of a broker has no port for the application's own clients")
    if not own:
        mqlab.expect(CLAIMS)
    with ExitStack() as stack:
        yield Connections(mqlab, stack, own=own)


@pytest.fixture
def shop(connections: Connections) -> Shop:
    """The end in Tokyo."""
    return Shop(connections.open("tokyo", "shop"))


@pytest.fixture
def office(connections: Connections) -> BillingOffice:
    """The end in Singapore."""
    return BillingOffice(connections.open("singapore", "billing"), PRICES)
