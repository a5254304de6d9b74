"""One end of a bridge: `DemandForwardingBridgeSupport`, at the initiator and, of a duplex one, at the responder.

An end logs in to its own broker, then to the other broker. It learns there of consumers, subscribes for them here, and
forwards the messages that it gets. An error ends it: a local error is from its own broker, any other error is remote.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from functools import partial

from lab.simulation.bridge import sentences
from lab.simulation.bridge.commands import (
    Advisory,
    BrokerInfo,
    DurableSubscriptions,
    Failure,
    Follow,
    Forwarded,
    Login,
    Response,
    Shutdown,
)
from lab.simulation.bridge.demand import Demand, DemandSubscription
from lab.simulation.bridge.host import Host
from lab.simulation.bridge.openwire import OpenWire
from lab.simulation.bridge.sentences import DISPOSED, SHUT_DOWN, UNKNOWN, exception
from lab.simulation.bridge.settings import ConnectorSettings
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.sentences import security_error
from lab.simulation.broker.session import Refused, Session
from lab.simulation.endless_runs import refuse_circle

_RACE = 1_000_000  # ns between the threads of two connections that are told of one consumer
_AT_ONCE = 100  # messages: more than come while an answer goes from thread to thread


class Bridge:
    """One end of a bridge. It calls `over` once if it ends by itself, so that its owner can try again."""

    def __init__(
        self,
        host: Host,
        settings: ConnectorSettings,
        wire: OpenWire,
        *,
        remote: str,  # the transport to the other broker, as the log shows it
        by_duplex: bool,
        stored: Callable[[], Set[str]],  # topics of the store, as this end knows them when it begins
        over: Callable[[], None],
    ) -> None:
        self.host, self.settings, self.wire, self.by_duplex = host, settings, wire, by_duplex
        self._broker, self._process = host.broker, host.process
        self._vm = host.next_vm(duplex=settings.duplex)
        self.remote = remote
        self._stored, self._over = stored, over
        self.remote_name, self.remote_id = UNKNOWN, ""
        self.up = self.ended = False
        self.enqueued = self.dequeued = self.received = 0
        self.demand: Demand | None = None
        self._sessions: list[Session] = []
        self._unfollow: Callable[[], None] = lambda: None
        self._unanswered: dict[int, tuple[DemandSubscription, int]] = {}  # by number: subscription, token
        self._number = 0
        self._learns = 0  # when the last consumer that this end was told of is known: ns
        self._early: list[object] = []  # commands that came before this end was up: `safeWaitUntilStarted`

    def meet(self, info: BrokerInfo) -> None:
        """Begin, now that the other broker has named itself: `collectBrokerInfos`, `startLocalBridge`."""
        if self.ended or self.up:
            return
        broker, settings = self.host.broker, self.settings
        if info.id == broker.id:
            return  # a loop: it stays as it is, and is not tried again
        self.remote_id, self.remote_name = info.id, info.name
        try:
            inbound = self._log_in(settings.client_id(info.name, "inbound", broker.name))
            if settings.duplex:
                self._log_in(settings.client_id(info.name, "inbound", "duplex", broker.name))
        except Refused as refusal:
            self.host.say(security_error(self._vm, refusal.words))
            self.local_error(exception(refusal.words))
            return
        self.demand = Demand(
            broker,
            inbound,
            settings,
            info.id,
            self._forward,
            self.host.demanded,
            self.host.replace_duplicate,
            sync_counts_ttl=self.host.sync_counts_ttl,
        )
        self.up = True
        self.host.ends[info.id] += 1
        self.host.say(sentences.established(self._vm, self.remote, info.name))
        self.host.changed()
        self._start_remote()
        try:
            self.demand.include(self._stored())
        except Refused as refusal:
            self.local_error(exception(refusal.words))
            return
        early, self._early = self._early, []
        for command in early:
            self.on_command(command)

    def on_command(self, command: object) -> None:
        """Process a command of the other broker: `serviceRemoteCommand`."""
        if self.ended:
            return
        if not self.up and isinstance(command, Forwarded | Advisory | Follow | DurableSubscriptions):
            self._early.append(command)
            return
        match command:
            case Forwarded():
                self._take(command)
            case Response():
                self._answered(command)
            case Advisory():
                self._race(command)
            case DurableSubscriptions(subscriptions=subscriptions):
                self._synchronise(subscriptions)
            case BrokerInfo():
                self.meet(command)
            case Failure(error=error):
                self.remote_error(error)
            case Shutdown() if self.settings.duplex:
                self.host.say(sentences.remote_shut_down())
                self.remote_error(SHUT_DOWN)
            case Login():
                self._let_in(command)
            case Follow():
                self._follow()

    def lose(self, error: str) -> None:
        """End, since the connection has failed.

        Requests that await an answer fail first: `ResponseCorrelator`. Theirs is a local error, which hides the cause.
        """
        if self._unanswered:
            self.local_error(DISPOSED)
        else:
            self.remote_error(error)

    def remote_error(self, error: str) -> None:
        """End, since the other broker, or the way to it, has failed: `serviceRemoteException`."""
        if not self.ended:
            self.host.say(sentences.remote_error(self._vm, self.remote, error))
            self._fail()

    def local_error(self, error: str) -> None:
        """End, since this end's own broker has refused something: `serviceLocalException`."""
        if not self.ended:
            self.host.say(sentences.local_error(self._vm, self.remote, error))
            self._fail()

    def stop(self) -> None:
        """End in the way of ActiveMQ's method `stop`: the other broker learns of it."""
        if self.ended:
            return
        self.ended = True
        was_up, self.up = self.up, False
        self.host.ends[self.remote_id] -= was_up
        self._unfollow()
        if self.demand is not None:
            self.demand.stop()
        self.wire.send(Shutdown())
        self.wire.close()
        for each in self._sessions:
            each.close()
        self.host.say(sentences.stopped(self.host.broker.name, self.remote_name))
        if was_up:
            self.host.changed()

    def forget(self) -> None:
        """Stop all activity: the process is gone."""
        self.ended = True
        self.up = False
        self.wire.forget()

    def _fail(self) -> None:
        self.stop()
        self._over()

    def _log_in(self, client_id: str) -> Session:
        session = self.host.broker.login(
            self.settings.user, self.settings.password, client_id, self._vm, network=True, ended=self._expelled
        )
        self._sessions.append(session)
        return session

    def _expelled(self, reason: str) -> None:
        self.local_error(exception(reason))

    def _start_remote(self) -> None:
        """Log in at the other broker and ask for its consumers, without waiting for an answer: `startRemoteBridge`."""
        broker, settings = self.host.broker, self.settings
        if not self.by_duplex:
            self.wire.send(BrokerInfo(broker.id, broker.name, settings))
            if settings.forwarding.sync_durable_subs:
                self.wire.send(DurableSubscriptions(self.host.durable_subscriptions(settings)))
        self.wire.send(Login(settings.client_id(broker.name, "outbound"), settings.user, settings.password))
        if not settings.forwarding.static_bridge:
            self.wire.send(Follow())

    def _let_in(self, login: Login) -> None:
        """Log in the other end, since a duplex bridge serves it itself."""
        try:
            session = self.host.broker.login(login.user, login.password, login.client_id, self._vm, network=True)
        except Refused as refusal:
            self.local_error(exception(refusal.words))
            return
        self._sessions.append(session)

    def _follow(self) -> None:
        """Send this broker's consumers to the other end: a duplex bridge forwards the advisories itself.

        Consumers from the other end, and consumers that are too far away, are not dispatched to it, and do not count.
        """
        try:
            self._unfollow = self.host.broker.follow_consumers(self._tell, self._tell_forgotten, by=self._sessions[0])
        except Refused as refusal:
            self.local_error(exception(refusal.words))

    def _tell(self, info: ConsumerInfo, came: bool) -> None:
        rules = self.settings.forwarding
        too_far = rules.message_ttl == 0 or (came and -1 < rules.consumer_ttl <= len(info.path))
        if self.ended or too_far or (came and self.remote_id in info.path):
            return
        if not rules.asks_about(info.destination):
            return
        self.enqueued += 1
        self.wire.send(Advisory(info, came))

    def _tell_forgotten(self, client: str, name: str) -> None:
        if not self.ended and self.settings.forwarding.message_ttl != 0:
            self.enqueued += 1
            self.wire.send(Advisory(_durable(client, name), came=False, forgotten=True))

    def _race(self, advisory: Advisory) -> None:
        """Learn of a consumer: at once, but by chance before or after another end that leads to the same broker."""
        now = self._process.now
        if self.host.ends[self.remote_id] > 1:
            self._learns = max(self._learns, now + self.host.dice.randrange(_RACE))
        if self._learns > now:
            self._process.at(self._learns, self._learn, advisory)
        else:
            self._learn(advisory)

    def _learn(self, advisory: Advisory) -> None:
        """Take note of a consumer at the other broker: `serviceRemoteConsumerAdvisory`.

        The end of a durable subscription changes nothing, unless the subscription was synchronised. Its advisory names
        the client; the advisory of its begin did not, since only Java's client does that (`ActiveMQMessageConsumer`).
        So the bridge's own subscription stays.
        """
        if self.demand is None or self.ended:
            return
        info = advisory.info
        try:
            if advisory.forgotten:
                self.demand.forget_durable(info.client, info.durable or "")
            elif advisory.came:
                self.demand.learn(info)
            else:
                self.demand.forget(info.id)
        except Refused as refusal:
            self.local_error(exception(refusal.words))

    def _synchronise(self, subscriptions: tuple[ConsumerInfo, ...]) -> None:
        """Subscribe for the other broker's durable subscriptions, and end those that have no subscriber any more."""
        if self.demand is not None:
            try:
                self.demand.synchronise(subscriptions)
            except Refused as refusal:
                self.local_error(exception(refusal.words))

    def _forward(self, subscription: DemandSubscription, token: int, message: Message, redelivered: bool) -> None:
        """Carry a message over: `serviceLocalCommand`. It is acknowledged when the other broker has it.

        A message that may not be carried, which a wildcard's consumer gets, stays in flight. So do messages that come
        while a subscription that is to end waits for answers: `incrementOutstandingResponses`.
        """
        if self.ended or self.demand is None or subscription.local is None:
            return
        self.enqueued += 1
        if subscription.ending or not self.demand.permits(message.destination):
            return
        message = message.over(self._broker.id)
        refuse_circle(message.path, self.settings.name)
        if message.retain:  # what is to be kept is kept at the first broker alone
            message = replace(message, retain=False)
        if redelivered:  # its redeliveryCounter goes with it
            message = replace(message, redeliveries=subscription.local.handed_out(token).redeliveries)
        if message.persistent or self.settings.always_sync_send:
            self._number += 1
            self._unanswered[self._number] = subscription, token
            subscription.unanswered += 1
            self.wire.send(Forwarded(self._number, message))
            return
        self.wire.send(Forwarded(None, message))
        subscription.local.acknowledge(token)
        self.dequeued += 1

    def _answered(self, response: Response) -> None:
        known = self._unanswered.pop(response.number, None)
        if known is None:
            return
        subscription, token = known
        if response.refusal:
            if "temp-" in response.refusal:  # gone meanwhile: not a reason to end
                if subscription.local is not None:
                    subscription.local.reject(token)
                subscription.settled()
                return
            self.local_error(exception(response.refusal))
            return
        # what waits is looked for when the answer has gone from thread to thread of this broker, once for all that come
        # together; there is room from now on, which a message that comes meanwhile finds
        looks = self._process.kernel.now + self._broker.handling
        gone = (its := subscription.local) is not None and its.settle(token)
        if its is not None and gone and looks != subscription.looks and not its.is_at_ease(_AT_ONCE):
            subscription.looks = looks
            self._process.at(looks, subscription.look)
        self.dequeued += 1
        subscription.settled()

    def _take(self, command: Forwarded) -> None:
        """Take a message that the other end of a duplex bridge forwards. Without permission, it gets no answer."""
        to = command.message.destination
        if self.demand is None or not (to.startswith("temp-") or self.demand.permits(to)):
            return
        self._broker.send(command.message, partial(self._done, command.number), self._sessions[1])

    def _done(self, number: int | None, refusal: str | None) -> None:
        """Answer a message, if an answer is awaited, once this end's broker has it."""
        if not self.ended:
            if number is not None:
                self.wire.send(Response(number, refusal or ""))
            self.received += 1


def _durable(client: str, name: str) -> ConsumerInfo:
    return ConsumerInfo(id="", client=client, destination="", prefetch=0, durable=name)
