"""The step `create-broker`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.declare.fields import Duration
from lab.declare.steps.account import OnAccount
from lab.declare.steps.base import Bridges, Fault, Part
from lab.declare.steps.broker import STARTS_WITHIN, OnBroker, State


class CreateBroker(OnBroker, OnAccount):
    """Create and start a broker that the topology declares with `later: yes`."""

    verb: ClassVar[str] = "create-broker"
    changes = Part.BROKERS | Part.RECORDS
    fault = Fault.EXISTENCE
    bridges = Bridges.RAISED
    needs = (State.ABSENT,)
    brings = State.UP
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until each instance of the broker has started."""

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return brokers.broker_created(brokers.begin_creation(account, self.broker, account.now(machine)), self.broker)
