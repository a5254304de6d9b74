"""The way of a message into a broker: its turn at the processor, its sender's rights, and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lab.activemq.destinations import has_wildcard
from lab.activemq.forwarding.filters import parts
from lab.amazonmq.configurations.stamping import Stamping
from lab.simulation.broker.advisories import CONSUMERS, Advisories, of_consumers, of_destinations
from lab.simulation.broker.authorization import ADMIN, READ, WRITE, Authorization
from lab.simulation.broker.capacity import PATIENCE, Capacity
from lab.simulation.broker.destination import Destination
from lab.simulation.broker.message import Message
from lab.simulation.broker.observer import Observer
from lab.simulation.broker.process import Process
from lab.simulation.broker.regions import Regions
from lab.simulation.broker.sentences import security_error
from lab.simulation.broker.session import Refused, Session
from lab.simulation.broker.settings import Costs
from lab.simulation.broker.stamps import stamped
from lab.simulation.broker.store import Done
from lab.simulation.broker.virtual_destinations import NAMELESS, VirtualDestinations
from lab.simulation.broker.warm_up import times, warm_up

Log = Callable[[str, str, str], None]  # level, logger, text


def _nobody(_: str | None) -> None:
    """Ignore the outcome."""


class Intake:
    """A broker's treatment of messages between arrival and destination, one message after the other."""

    def __init__(
        self,
        process: Process,
        regions: Regions,
        rights: Authorization,
        advisories: Advisories,
        virtual: VirtualDestinations,
        *,
        watch: Callable[[Destination], None],  # for messages that expire
        stamping: Sequence[Stamping],
        costs: Costs,
        capacity: Capacity | None,
        log: Log,
        observer: Observer | None,
    ) -> None:
        self._process, self._kernel, self._regions, self._rights = process, process.kernel, regions, rights
        self._advisories, self._virtual = advisories, virtual
        self._watch, self._cost, self._handling, self._log = watch, costs.message, costs.handling, log
        self._stamping = stamping
        self._longer = warm_up(costs.first)
        self._capacity = capacity
        self._all = regions.all
        self._free = 0  # ns: when the processor is free
        self._observer = observer
        self._on_turn = self._take if observer is None else self._observe  # bound once, as it would be for each message

    def send(self, message: Message, done: Done, by: Session) -> None:
        """Take a message of a client that is there now.

        `done` learns None once its sender may know that it is accepted, or why it is refused.
        """
        if not (by.open and self._process.alive):
            return
        now = self._kernel.now
        if message.timestamp is None:
            message.timestamp = now
        if self._capacity is not None:
            self._capacity.take(message, now)
        if by.storing is not None:
            by.behind.append((message, done, now))
        else:
            self._plan(message, done, now, by)

    def make_virtual(self, pattern: str) -> None:
        """Make the queue that a consumer's pattern becomes, if it does: `VirtualTopic.create`."""
        if self._virtual.makes(pattern):
            self._regions.get(pattern)

    def check(self, by: Session, right: str, destination: str) -> None:
        """Raise Refused, and log it, if a client may not use a destination, or may not create it if needed."""
        try:
            self._rights.check(by, right, destination)
            if destination not in self._regions.all and not has_wildcard(destination):
                self._rights.check(by, ADMIN, destination)
                self._advisories.check(by, of_destinations(destination))
            if right == READ and destination != CONSUMERS:
                self._advisories.check(by, of_consumers(destination))
        except Refused as refused:
            self._log(*security_error(by.address, refused.words))
            raise
        if destination not in self._regions.all and self._virtual.refuses(destination):
            raise Refused(NAMELESS)

    def put(self, message: Message, done: Done = _nobody) -> None:
        """Send a message to its destination, or to the destinations behind a virtual one."""
        if self._virtual.of(message.destination):
            self._put_all(self._spread(message), done)
        else:
            self._deposit(message, done)

    def _spread(self, message: Message) -> Sequence[Message]:
        """Return the copies of a message for the destinations behind its own, or the message itself."""
        to = message.destination
        if not self._virtual.of(to):
            return (message,)
        self._regions.get(to)  # it is there, even if nothing stays in it
        return self._virtual.spread(message, list(self._regions.all.values()))

    def _put_all(self, messages: Sequence[Message], done: Done) -> None:
        """Send messages on one's behalf, and answer when the last one is accepted."""
        left = len(messages)

        def one(refused: str | None) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                done(refused)

        for each in messages:
            self._deposit(each, one)
        if not messages:
            done(None)

    def _deposit(self, message: Message, done: Done) -> None:
        destination = self._regions.all.get(message.destination)
        if destination is None:
            if message.destination.startswith("temp-"):
                done(f"The destination {message.destination} does not exist.")
                return
            if self._virtual.refuses(message.destination):
                done(NAMELESS)
                return
            destination = self._regions.get(message.destination)
        destination.send(message, done)
        if message.expires is not None:
            self._watch(destination)

    def _plan(self, message: Message, done: Done, came: int, by: Session) -> None:
        """Let a message have its turn. One that is persistent keeps those behind it waiting until it is stored.

        In ActiveMQ it does so if its sender asks for an answer, as the lab's clients and all bridges do.
        """
        now, free, cost = self._kernel.now, self._free, self._cost
        if self._longer:
            cost += self._longer.pop() * times(message, network=by.network)
        if message.persistent:
            by.storing = done
            if by.stored is None:
                by.stored = partial(self._on_stored, by)
            done = by.stored
        self._free = free = (free if free > now else now) + cost
        # what is left of what it takes beside, which has gone on while it waited
        if (left := came + self._handling - now) > 0:
            by.late = 0
            free += left
        elif came == now:
            by.late = 0
        elif not by.late:
            by.late = now
        elif now - by.late > PATIENCE and self._capacity is not None:
            self._capacity.fall_behind(by.late)
        self._kernel.at(free, self._on_turn, message, done, by)

    def _on_stored(self, by: Session, refusal: str | None) -> None:
        """Go on with one client's messages: its connection's thread waited for the store (`Queue.doMessageSend`)."""
        done, by.storing = by.storing, None
        if done is not None:
            done(refusal)
        behind = by.behind
        while behind and by.storing is None:
            message, its, came = behind.popleft()
            self._plan(message, its, came, by)

    def _observe(self, message: Message, done: Done, by: Session) -> None:
        """Take a message that the observer records once it is accepted or refused."""
        assert self._observer is not None
        if self._process.running:
            self._take(message, self._observer.sent(message, by, done), by)
        else:
            self._process.hold(self._observe, message, done, by)

    def _take(self, message: Message, done: Done, by: Session) -> None:
        if not self._process.running:
            self._process.hold(self._take, message, done, by)
            return
        to = message.destination
        found = None if "," not in to else parts(to)
        if self._rights.asked:
            try:
                for part in found or (to,):
                    self.check(by, WRITE, part)
            except Refused as refused:
                done(refused.words)
                return
        if self._stamping:
            message = stamped(message, self._stamping, self._kernel.now)
        if found is None:
            if message.expires is None and (its := self._all.get(to)) is not None and not self._virtual.of(to):
                its.send(message, done)  # as `put`
            else:
                self.put(message, done)
        else:
            self._put_all([copy for part in found for copy in self._spread(message.to(part))], done)
