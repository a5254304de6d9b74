"""The base class of steps that change the account of Amazon MQ: of its verbs, and of those that run brokers too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account.account import Account
from lab.declare.steps.base import Step


class OnAccount(Step):
    """A step that changes the account of Amazon MQ, as a dry run of it shows."""

    configures: ClassVar[bool] = False  # whether a configuration is saved or applied

    @abstractmethod
    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step; raise InputError if Amazon MQ refuses it.

        `machine` is the machine's time, by which the service's clock goes.
        """

    def opens_windows(self, brokers: Collection[str]) -> Collection[str]:
        """Return the brokers whose maintenance window may open at any time after the step."""
        return ()
