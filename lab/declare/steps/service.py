"""What the steps that Amazon MQ itself is asked for share."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime

from lab.amazonmq.account.account import Account
from lab.declare.steps.base import Step


class OfService(Step):
    """A step that is done in the service, whose own clock goes by the machine's."""

    @abstractmethod
    def decide(self, account: Account, machine: datetime) -> Account:
        """Return what the service keeps after it; InputError where it would refuse."""
