"""A bridge's logins are known by their parts, whatever token joins them."""

from __future__ import annotations

import pytest

from lab.activemq.bridge_logins import INBOUND, OUTBOUND, is_login


@pytest.mark.parametrize("token", ["_", "-", "", "::", "_x_"])
def test_a_login_has_its_parts(token: str) -> None:
    there, here = token.join(("wan_1", "tokyo", OUTBOUND)), token.join(("wan_1", "singapore", INBOUND, "tokyo"))
    assert is_login(there, "wan_1", "tokyo", OUTBOUND) and is_login(here, "wan_1", "singapore", INBOUND, "tokyo")
    assert not is_login(there, "wan_2", "tokyo", OUTBOUND) and not is_login(here, "wan_1", "dublin", INBOUND, "tokyo")


def test_joined_by_several_tokens_they_are_another_clients() -> None:
    assert not is_login("wan_tokyo-outbound", "wan", "tokyo", OUTBOUND)
    assert not is_login("wan", "wan", "tokyo", OUTBOUND)
    assert not is_login("wan_new_york_inbound_tokyo", "wan", "york", INBOUND, "tokyo")
