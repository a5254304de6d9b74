"""Two or more simulated brokers of a shipped plan, with everything between them, for the tests of what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lab.activemq.protocols import ENDPOINTS, Port, endpoint
from lab.check.scenarios import plan_named
from lab.history import SendOutcome
from lab.link.impairment import LinkState
from lab.plan.values import Plan
from lab.runtime.client import Client
from lab.runtime.messages import ORDINARY, Incoming, Session
from lab.runtime.status import UP
from lab.simulation.broker.broker import Broker
from lab.simulation.broker.store import Store
from lab.simulation.clients import Target, connect
from lab.simulation.clock import VirtualClock
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.wire import Wire

PASSWORD = "S3cretS3cret1"


@dataclass
class Heard:
    """What a client's callbacks were told."""

    messages: list[Incoming] = field(default_factory=list)
    outcomes: dict[str, tuple[SendOutcome, str]] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        assert id not in self.outcomes
        self.outcomes[id] = outcome, note

    def received(self, message: Incoming) -> None:
        self.messages.append(message)

    def lost(self, why: str) -> None:
        self.losses.append(why)

    def broke(self, error: Exception) -> None:
        raise error

    @property
    def bodies(self) -> list[bytes]:
        return [each.body for each in self.messages]


class World:
    """The brokers of a plan, in virtual time; `set` is as in `--set`."""

    def __init__(
        self,
        scenario: str = "tokyo-singapore",
        *,
        set: Mapping[str, str] = {},
        passwords: Mapping[str, Mapping[str, str]] = {},
        password: str = PASSWORD,  # of everybody else
        start: Sequence[str] | None = None,
        ports: Sequence[Port] = ENDPOINTS,
    ) -> None:
        self.plan: Plan = plan_named(scenario, {"PASSWORD": PASSWORD}, set=set).plan
        self.kernel = Kernel()
        self.clock = VirtualClock(self.kernel)
        self.fabric = Fabric(self.kernel, self.plan)
        self.logs: dict[str, list[str]] = {each.name: [] for each in self.plan.brokers}
        self.brokers: dict[str, Broker] = {}
        self.wires: dict[str, Wire] = {}
        self.instances: dict[str, str] = {}  # the one that serves, by broker
        self._stores = {each.name: Store() for each in self.plan.brokers}
        self._passwords, self._password, self._ports = passwords, password, ports
        for each in start if start is not None else [broker.name for broker in self.plan.brokers]:
            self.start(each)

    def start(self, name: str, number: int = 1) -> None:
        plan = self.plan.broker(name)
        instance = plan.instances[number - 1]
        self.instances[name] = instance.name
        self.fabric.power(instance.name, UP)
        passwords = {user: self._passwords.get(name, {}).get(user, self._password) for user in plan.users}
        log = self._log(name)
        broker = self.brokers[name] = Broker(
            self.kernel, plan, instance, self._stores[name], passwords=passwords, log=log
        )
        self.wires[name] = Wire(
            broker,
            instance,
            self.fabric,
            self.plan,
            seed=7,
            log=log,
            changed=self.kernel.notify,
            ports=self._ports,
        )
        self.wires[name].open()

    def client(
        self,
        name: str,
        broker: str,
        over: str = "mqtt",
        *,
        session: Session = ORDINARY,
        password: str | None = None,
        tls: str = "verified",
        user: str = "testuser",
    ) -> tuple[Client, Heard]:
        plan = self.plan.broker(broker)
        port = next(each.port for each in ENDPOINTS if each.name == endpoint(over))
        target = Target(
            instance=self.instances[broker],
            host=plan.host_name,
            port=port,
            user=user,
            password=self._password if password is None else password,
            client_id=session.client_id or name,
            tls=tls,
        )
        heard = Heard()
        return connect(over, self.kernel, self.clock, self.fabric, target, heard, session), heard

    def kill(self, name: str) -> None:
        """End a broker's process at once."""
        self.wires[name].halt()
        self.brokers[name].halt()
        self.fabric.power(self.instances[name], "down")

    def run(self, seconds: float) -> None:
        self.kernel.sleep(round(seconds * SECOND))

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        assert self.clock.wait(condition, seconds), self.logs

    def cut(self, link: str, leaving: str | None = None, state: LinkState = LinkState.CUT) -> None:
        """Put a link, or its direction that leaves a region, in a state."""
        ways = [each.leaving for each in self.plan.link(link).directions]
        self.fabric.paths.change(link, ways if leaving is None else [leaving], None, state)

    def up(self) -> bool:
        """Tell whether every bridge is up at all its ends."""
        ends = {
            (seen.broker, seen.remote, seen.created_by_duplex)
            for wire in self.wires.values()
            for seen in wire.bridges()
        }
        wanted = {(each.initiator, each.responder, False) for each in self.plan.bridges}
        wanted |= {(each.responder, each.initiator, True) for each in self.plan.bridges if each.duplex}
        return wanted <= ends

    def said(self, broker: str, words: str) -> list[str]:
        """Return the lines of a broker's log that hold some words."""
        return [line for line in self.logs[broker] if words in line]

    def _log(self, name: str) -> Callable[[str, str, str], None]:
        def log(level: str, logger: str, text: str) -> None:
            self.logs[name].append(f"{self.kernel.now / SECOND:.3f} {level} {logger} | {text}")

        return log
