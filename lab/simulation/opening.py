"""A lab opened in virtual time, by the actions of its Plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from lab.activemq.protocols import OPENWIRE
from lab.base.dataclass import dataclass
from lab.base.units import format_duration
from lab.errors import HostError, LabTimeout
from lab.link.impairment import LinkState
from lab.network.reach import reach
from lab.plan.control import opening_control
from lab.plan.values import Action, BridgePlan, Plan
from lab.runtime.clock import Origin
from lab.runtime.lab import StandingLab
from lab.runtime.patience import BRIDGE_PATIENCE, BROKER_PATIENCE
from lab.runtime.profile import CLOSE, OPEN, UNPROFILED, Profile
from lab.runtime.progress import Progress
from lab.runtime.runtime import Addition, Opening
from lab.runtime.state_file import StateFile
from lab.simulation import NAME, garbage_collection
from lab.simulation.chance import generator
from lab.simulation.costs import Costs
from lab.simulation.kernel import SECOND
from lab.simulation.lab import SimulatedLab

BEGINS = datetime(2026, 1, 5, tzinfo=UTC)  # when a simulated lab's clock begins, a Monday
_OLDEST = 3600 * SECOND  # ns that a lab may have stood for: longer than any period of its timers
_UNTIL = {  # the condition at which an action is over, in words
    "start-standby": "an instance has the store's lock",
    "await-broker": "every instance has started",
    "await-bridge": "the bridge works at both ends",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """A Plan that the simulation accepts, with the times of its models."""

    plan: Plan
    costs: Costs
    limit: timedelta | None = None  # of virtual time
    ignored: tuple[str, ...] = ()  # settings that the brokers are without

    @property
    def made_from(self) -> tuple[str, ...]:
        """Return nothing: models are part of mqlab."""
        return ()

    @property
    def mixed(self) -> Mapping[str, str]:
        """Return nothing: a model belongs to one release."""
        return {}

    def settle(self, plan: Plan) -> Plan:
        """Return the Plan unchanged: each of its settings has a model."""
        return plan

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[SimulatedLab]:
        """Open a lab, and keep its logs at the end of the block."""
        if opening.detached:
            raise HostError("a simulated lab cannot stay: it exists only in the process that opens it")
        lab = SimulatedLab(opening, note_of(opening), self.costs, self.limit, self.ignored)
        opening.profile.follow(lambda: lab.kernel.now / SECOND)
        try:
            with garbage_collection.seldom():
                stand_up(lab, progress, opening.profile)
                yield lab
        finally:
            with opening.profile.wait(CLOSE, "keep logs"):
                lab.unwatch()
                lab.keep_logs()

    def add(self, lab: StandingLab, addition: Addition) -> None:
        """Add the models of a broker to an open lab."""
        assert isinstance(lab, SimulatedLab)  # it was opened here
        lab.add(addition)


def note_of(opening: Opening) -> StateFile:
    """Return the note of a lab that is opened when a simulated lab's clock begins."""
    starts = opening.service_time
    ahead = timedelta(0) if starts is None else starts.astimezone(UTC) - BEGINS
    return StateFile(
        run=opening.run,
        scenario=opening.scenario,
        plan=opening.plan,
        control=opening_control(opening.plan, BEGINS, ahead=ahead),
        folder=str(opening.folder),
        owner="",  # nobody but its process knows of it
        detached=False,
        replaying=opening.replaying,
        reboot_time=opening.reboot_time,
        opened=BEGINS,
        origin=Origin(boot="", monotonic=0.0),  # virtual time
        runtime=NAME,
        own={},
    )


def stand_up(lab: SimulatedLab, progress: Progress, profile: Profile = UNPROFILED) -> None:
    """Do the actions of a lab's Plan, in virtual time: afterwards its brokers serve, and its bridges are up or not."""
    opened = _Opened(lab, lab.note.plan, profile)
    for action in lab.note.plan.actions:
        with progress.stage(f"{action.does} {action.to}"):
            opened.do(action, progress)
    # How old a lab is when something befalls it is chance: where its timers are comes from the seed.
    lab.stand(generator(lab.note.plan.seed, "age").randrange(_OLDEST))


class _Opened:
    """A lab while it is being opened; each kind of action is one method."""

    def __init__(self, lab: SimulatedLab, plan: Plan, profile: Profile) -> None:
        self._lab, self._plan, self._profile = lab, plan, profile
        self._does: Mapping[str, Callable[[str], str | None]] = {
            "start-broker": self._start_broker,
            "start-standby": self._start_standby,
            "check-link": self._check_link,
            "await-broker": self._await_broker,
            "await-bridge": self._await_bridge,
        }

    def do(self, action: Action, progress: Progress) -> None:
        """Do one action of the Plan in virtual time; actions on containers take none."""
        if (does := self._does.get(action.does)) is not None:
            with self._profile.wait(OPEN, f"{action.does} {action.to}", _UNTIL.get(action.does, "")):
                note = does(action.to)
            if note:
                progress.say(note)

    def _start_broker(self, name: str) -> None:
        self._lab.instances.brokers[name][0].begin()

    def _start_standby(self, name: str) -> None:
        """Start another instance, once the first one has the store's lock, so that the first is active at first."""
        instance = next(instance for instance in self._lab.instances.all if instance.name == name)
        self._lab.clock.wait(lambda: instance.lock.holder is not None, BROKER_PATIENCE)
        instance.begin()

    def _check_link(self, name: str) -> str:
        ways = self._plan.link(name).directions
        if any(way.state is not LinkState.OPEN for way in ways):
            return "not open"
        return f"round trip {format_duration(sum((way.impairment.delay for way in ways), timedelta(0)))}, simulated"

    def _await_broker(self, name: str) -> None:
        for its in self._lab.instances.brokers[name]:
            started = partial(self._lab.instances.started, name, its.number)
            if not self._lab.clock.wait(started, BROKER_PATIENCE):
                raise LabTimeout(f"broker {its.name} did not start within {BROKER_PATIENCE:.0f} s of virtual time")

    def _await_bridge(self, connector: str) -> str:
        causes = [self._why_down(bridge) for bridge in self._plan.bridges if bridge.connector == connector]
        return "; ".join(f"NOT UP: {cause}" for cause in causes if cause)

    def _why_down(self, bridge: BridgePlan) -> str:
        """Wait until a bridge works and return ""; return the cause if it does not, which is for a verdict."""
        plan = self._plan
        near, far = plan.broker(bridge.initiator).instances, plan.broker(bridge.responder).instances
        found = [reach(plan.network, one.name, other.name, OPENWIRE.port) for one in near for other in far]
        if not any(each.yes for each in found):
            return found[0].reason
        if bridge.instances and self._lab.instances.active(bridge.responder) not in bridge.instances:
            return f"{bridge.connector} names only an instance of {bridge.responder} that is not active"
        if self._lab.clock.wait(lambda: self._lab.management.bridge_is_up(bridge), BRIDGE_PATIENCE):
            return ""
        return f"not up after {BRIDGE_PATIENCE:.0f} s"
