"""The step `connect`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from lab.activemq.protocols import Over
from lab.declare.fields import Duration, Name
from lab.declare.references import BrokerName
from lab.declare.steps.base import Login, Part, Step


class Connect(Step):
    """A client tries to log in, and disconnects at once if it is accepted."""

    verb: ClassVar[str] = "connect"
    changes = Part.NOTHING
    client: Name
    broker: BrokerName
    over: Over
    user: str | None = None  # the broker's only user when left out; any name if the password is wrong
    password: Literal["right", "wrong"] = "right"  # not the password itself: so it is in no file, history or report
    tls: Literal["verified", "untrusted", "wrong-name"] = "verified"
    within: Duration = timedelta(seconds=30)

    @property
    def fails(self) -> bool:
        """Return whether it is to be turned away: also a client that knows no password, or trusts no certificate."""
        return super().fails or self.password == "wrong" or self.tls != "verified"

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, self.client)

    def words(self) -> str:
        """Return the step in one line, for people."""
        knowing = "" if self.password == "right" else ", with a wrong password"
        knowing += {"untrusted": ", not knowing the lab's CA", "wrong-name": ", by a wrong name"}.get(self.tls, "")
        return f"{self.client} tries to connect to {self.broker} over {self.over}{knowing}"
