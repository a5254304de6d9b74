"""The step `connect`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from lab.activemq.protocols import Over
from lab.declare.fields import Duration, Name
from lab.declare.references import BrokerName
from lab.declare.steps.base import Login, Part, Step


class Connect(Step):
    """Try to log in at a broker, and disconnect at once if the login succeeds."""

    verb: ClassVar[str] = "connect"
    changes = Part.NOTHING
    client: Name
    """The name of the client."""
    broker: BrokerName
    """The broker that the client connects to."""
    over: Over
    """The protocol of the connection, always with TLS."""
    user: str | None = None
    """The user that logs in, any name if the password is wrong (default: the broker's only user)."""
    password: Literal["right", "wrong"] = "right"
    """The password of the login: the user's own, or a wrong one."""
    tls: Literal["verified", "untrusted", "wrong-name"] = "verified"
    """The TLS check: against the lab's CA, against other CAs only, or under a wrong host name."""
    within: Duration = timedelta(seconds=30)
    """The maximum time to wait for the connection, and again for the broker's answer."""

    @property
    def fails(self) -> bool:
        """Return whether the login must fail, which it also must with a wrong password or without trust."""
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
