"""Maintenance windows of a served account, by a clock that is handed in."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.mq.operations import OPERATIONS
from lab.extras.api.records_account import RecordsAccount
from tests.extras.api.clients import PASSWORD, TOKYO, broker

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Clock:
    """The machine's time, which a test sets."""

    def __init__(self) -> None:
        self.time = MONDAY

    def __call__(self) -> datetime:
        return self.time


def ask(account: RecordsAccount, operation: str, **request: Any) -> Any:
    call = Call(service="mq", operation=operation, region=TOKYO, request_id="r")
    return OPERATIONS[operation](account.serve(call), call, request)


def test_a_change_is_applied_in_the_next_window_and_not_for_one_that_has_passed(tmp_path: Path) -> None:
    clock = Clock()
    with closing(RecordsAccount(tmp_path / "account", machine=clock)) as account:
        broker_id = ask(account, "CreateBroker", **broker())["BrokerId"]
        for _ in range(2):
            ask(account, "DescribeBroker", BrokerId=broker_id)
        clock.time += timedelta(days=8)  # Sunday's window has passed, with nothing to apply
        ask(account, "CreateUser", BrokerId=broker_id, Username="late", Password=PASSWORD)
        assert ask(account, "DescribeBroker", BrokerId=broker_id)["BrokerState"] == "RUNNING"
        assert ask(account, "DescribeUser", BrokerId=broker_id, Username="late")["Pending"]["PendingChange"] == "CREATE"
    with closing(RecordsAccount(tmp_path / "account", machine=clock)) as account:
        assert ask(account, "DescribeBroker", BrokerId=broker_id)["BrokerState"] == "RUNNING"
        clock.time += timedelta(days=7)
        states = [ask(account, "DescribeBroker", BrokerId=broker_id)["BrokerState"] for _ in range(2)]
        assert states == ["REBOOT_IN_PROGRESS", "RUNNING"]
        assert ask(account, "DescribeUser", BrokerId=broker_id, Username="late")["Pending"] is None
