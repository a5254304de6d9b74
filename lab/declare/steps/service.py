"""The base class of steps that ask Amazon MQ for a change."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime

from lab.amazonmq.account.account import Account
from lab.declare.steps.base import Step


class OfService(Step):
    """A step that changes the account of Amazon MQ."""

    @abstractmethod
    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step; raise InputError if the service refuses it.

        `machine` is the machine's time, by which the service's clock goes.
        """
