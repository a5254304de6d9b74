"""EC2 of an empty account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.extras.api.records_account import RecordsAccount
from tests.extras.api.ec2.asking import Ec2


@pytest.fixture(scope="session")
def session_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordsAccount]:
    with closing(RecordsAccount(tmp_path_factory.mktemp("ec2") / "account")) as account:
        yield account


@pytest.fixture
def ec2(session_account: RecordsAccount) -> Ec2:
    session_account.reset()
    return Ec2(session_account)
