"""Steps that befall a broker: its process stopped, killed, started, frozen, or one of its connectors."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from lab.declare.fields import Duration, Name
from lab.declare.step import Step

STARTS_WITHIN = timedelta(seconds=120)


class OnBroker(Step):
    """A step that befalls one broker."""

    broker: Name


class OnInstance(OnBroker):
    """A step that befalls one instance of a broker; of a pair, the active one when none is named."""

    instance: Literal["1", "2", "active", "standby"] | None = None


class Stop(OnInstance):
    """A broker is asked to end, as a reboot's first half does."""

    verb: ClassVar[str] = "stop"
    within: Duration = timedelta(seconds=20)  # then it is killed


class Kill(OnInstance):
    """A broker's process ends at once (SIGKILL)."""

    verb: ClassVar[str] = "kill"


class Start(OnInstance):
    """A broker that was stopped or killed starts again, with its store, address and ports."""

    verb: ClassVar[str] = "start"
    within: Duration = STARTS_WITHIN  # so long it is waited for


class Reboot(OnBroker):
    """A broker is stopped and started again, with what was pending; a pair fails over meanwhile."""

    verb: ClassVar[str] = "reboot"
    downtime: Duration | None = None  # between its end and its start; the topology's reboot-time when left out
    within: Duration = STARTS_WITHIN


class Pause(OnInstance):
    """A broker's process is frozen: its connections stay, and nothing answers."""

    verb: ClassVar[str] = "pause"


class Resume(OnInstance):
    """A paused broker goes on."""

    verb: ClassVar[str] = "resume"


class ConnectorStep(OnBroker):
    """A network connector is stopped or started, as in the broker's JMX."""

    verb: ClassVar[str] = "connector"
    name: str  # of the networkConnector
    do: Literal["stop", "start"]


class CreateBroker(OnBroker):
    """A broker that the topology declares for later is made and started."""

    verb: ClassVar[str] = "create-broker"
    within: Duration = STARTS_WITHIN


class DeleteBroker(OnBroker):
    """A broker is removed with its store, whatever its state, and does not come back."""

    verb: ClassVar[str] = "delete-broker"


BROKER_STEPS: tuple[type[OnBroker], ...] = (
    Stop,
    Kill,
    Start,
    Reboot,
    Pause,
    Resume,
    ConnectorStep,
    CreateBroker,
    DeleteBroker,
)
