"""What an open lab takes from a verb."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from lab.emulation.lab import EmulatedLab
from lab.emulation.state import LabState
from lab.errors import InputError

SHIPPED, OWN = SecretStr("MQ-lab-2026-testuser"), SecretStr("of-nobody-else-7")


def kept(reached_at: str, password: SecretStr) -> list[SecretStr]:
    found: list[SecretStr] = []
    vaults = SimpleNamespace(keep=lambda broker, user, number, password: found.append(password))
    state = LabState(ca_file="", router="", networks={}, brokers={}, reached_at=reached_at)
    lab: Any = SimpleNamespace(state=state, _vaults=vaults)
    EmulatedLab.keep_password(lab, "tokyo", "testuser", 2, password)
    return found


def test_a_shipped_password_is_no_users_where_other_machines_may_try_it() -> None:
    assert kept("127.0.0.1", SHIPPED) == [SHIPPED]
    assert kept("docker.example", OWN) == [OWN]
    with pytest.raises(InputError, match="a password that ships with mqlab") as refused:
        kept("docker.example", SHIPPED)
    assert SHIPPED.get_secret_value() not in str(refused.value)
