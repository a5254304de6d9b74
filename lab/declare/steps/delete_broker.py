"""The step `delete-broker`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.declare.steps.account import OnAccount
from lab.declare.steps.base import Bridges, Fault, Part
from lab.declare.steps.broker import OnBroker, State


class DeleteBroker(OnBroker, OnAccount):
    """Delete a broker and all its messages; its configuration stays, and its log stays in the run folder."""

    verb: ClassVar[str] = "delete-broker"
    changes = Part.BROKERS | Part.RECORDS
    fault = Fault.EXISTENCE
    bridges = Bridges.DROPPED
    needs = (State.UP, State.PAUSED, State.DOWN)
    brings = State.DELETED

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.broker_deleted(brokers.delete_broker(account, self.broker), self.broker)
