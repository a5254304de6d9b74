"""A broker for tests, with what it said and what its consumers had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode, UserIdentity
from lab.plan.values import BrokerPlan, InstancePlan
from lab.runtime.observer_events import Event
from lab.simulation.broker.broker import Broker
from lab.simulation.broker.calibrated_range import Tell, refuse
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.observer import Observer
from lab.simulation.broker.session import Session
from lab.simulation.broker.settings import Costs
from lab.simulation.broker.store import Store
from lab.simulation.broker.subscriptions import Subscription
from lab.simulation.kernel import Kernel

MS, SECOND = 1_000_000, 1_000_000_000
NAMESPACE = 'xmlns="http://activemq.apache.org/schema/core"'


def configuration(inside: str = "", attributes: str = "") -> str:
    """Return a configuration with these attributes and children of its broker element."""
    return f"<broker {NAMESPACE} {attributes}>{inside}</broker>"


def policy(entries: str) -> str:
    """Return a configuration with these policy entries."""
    within = f"<policyMap><policyEntries>{entries}</policyEntries></policyMap>"
    return configuration(f"<destinationPolicy>{within}</destinationPolicy>")


def plan(saved: str | None = None, release: str = "5.18.3") -> BrokerPlan:
    """Return a broker's plan with a configuration, or the service's own; its users are ann, of staff, and bob."""
    instance = InstancePlan(name="tokyo", number=1, address=IPv4Address("10.1.0.10"), host_name="b-1.mq")
    text = default_configuration().text if saved is None else saved
    return BrokerPlan(
        name="tokyo",
        region="tokyo",
        deployment_mode=DeploymentMode.SINGLE_INSTANCE,
        instances=(instance,),
        broker_id="b-1",
        engine_version="5.18",
        activemq_version=release,
        memory=0,
        heap=512 * 2**20,
        users=("ann", "bob"),
        console_users=(),
        identity=BrokerIdentity(
            name="tokyo",
            broker_id="b-1",
            aws_region="ap-northeast-1",
            host_names=("b-1.mq",),
            users=(UserIdentity(name="ann", groups=("staff",)), UserIdentity(name="bob")),
            engine_version="5.18",
            activemq_version="5.18.3",
        ),
        configuration_file="tokyo.xml",
        configuration=text,
        saved=text,
        removals=(),
        activemq_xml="",
    )


class Dispatch(NamedTuple):
    """A message that was handed to a consumer."""

    token: int
    message: Message
    redelivered: bool


class Taker:
    """A consumer: what it had, and its subscription; it acknowledges at once if it is to."""

    def __init__(self, *, acknowledges: bool) -> None:
        self.had: list[Dispatch] = []
        self.subscription: Subscription | None = None
        self._acknowledges = acknowledges

    def take(self, token: int, message: Message, redelivered: bool) -> None:
        self.had.append(Dispatch(token, message, redelivered))
        if self._acknowledges:
            self.acknowledge(self.had[-1])

    def acknowledge(self, dispatch: Dispatch) -> None:
        assert self.subscription is not None
        self.subscription.acknowledge(dispatch.token)

    @property
    def bodies(self) -> list[str]:
        return [dispatch.message.body.decode() for dispatch in self.had]


class Bench:
    """A running broker, and hands to use it with; what is done to it is done when a method returns."""

    def __init__(
        self,
        saved: str | None = None,
        *,
        costs: Costs | None = None,
        release: str = "5.18.3",
        leave_range: Tell = refuse,
        observe: Sequence[str] = (),
    ) -> None:
        self.kernel = Kernel()
        self.store = Store()
        self.lines: list[str] = []
        self._plan, self._costs = plan(saved, release), costs or Costs()
        self._sent, self._leave_range, self._observe = 0, leave_range, observe
        self.events: list[Event] = []
        self.start()

    def start(self) -> None:
        """Start a process on the store there is, as after a stop or a kill."""
        self.broker = Broker(
            self.kernel,
            self._plan,
            self._plan.instances[0],
            self.store,
            passwords={"ann": "secret", "bob": "secret"},
            log=lambda level, logger, text: self.lines.append(f"{level} {logger} | {text}"),
            costs=self._costs,
            leave_range=self._leave_range,
            observer=Observer(self._observe, lambda: self.kernel.now, self.events.append, "tokyo")
            if self._observe
            else None,
        )
        self.sender = self.login("sender")

    def login(self, client: str, user: str = "ann", *, network: bool = False) -> Session:
        return self.broker.login(
            user, "secret", client, f"tcp://10.1.0.9:{len(client)}", connector="stomp", network=network
        )

    def wait(self, ns: int = 0) -> None:
        self.kernel.sleep(ns + 1)  # after all that is due at that moment

    def send(
        self,
        destination: str,
        *bodies: str,
        persistent: bool = True,
        done: Callable[[str | None], None] | None = None,
        wait: int = 0,
        by: Session | None = None,
        **fields: object,
    ) -> list[str | None]:
        """Send messages, of one connection; return what their sender was told of each by then."""
        told: list[str | None] = []
        octets = {body: body.encode() for body in set(bodies)}  # what is equal is in memory once
        for body in bodies:
            self._sent += 1
            fields.setdefault("properties", {})
            message = Message(
                fields.get("id") or f"ID:sender:1:{self._sent}",  # type: ignore[arg-type]
                destination,
                octets[body],
                persistent=persistent,
                **{name: value for name, value in fields.items() if name != "id"},  # type: ignore[arg-type]
            )
            self.broker.send(message, done or told.append, by=by or self.sender)
        self.wait(wait)
        return told

    def subscribe(
        self,
        destination: str,
        *,
        by: Session | None = None,
        acknowledges: bool = True,
        **fields: object,
    ) -> Taker:
        taker = Taker(acknowledges=acknowledges)
        self._sent += 1
        session = by or self.login(f"client-{self._sent}")
        info = ConsumerInfo(
            id=f"ID:{session.client}:{self._sent}",
            client=session.client,
            destination=destination,
            **{"prefetch": 1000, **fields},  # type: ignore[arg-type]
        )
        taker.subscription = self.broker.subscribe(info, taker.take, by=session)
        self.wait()
        return taker

    def counters(self, destination: str) -> dict[str, int]:
        """Return the counters of a destination that are not 0."""
        return {name: n for name, n in self.broker.counters().destinations.get(destination, {}).items() if n}
