"""The life of a broker's instances: started, waiting for the store's lock, serving, stopped, killed, frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Protocol

from lab.activemq.log_lines import BY_ANOTHER
from lab.base.dataclass import dataclass
from lab.declare.steps.base import State
from lab.history import BrokerChanged
from lab.runtime.status import ABSENT, DELETED, DOWN, OUT, PAUSED, STARTING, STOPPING, UP
from lab.simulation.broker.store import Store
from lab.simulation.clock import nanoseconds
from lab.simulation.costs import Costs
from lab.simulation.kernel import SECOND, Kernel, Timer, cancel
from lab.simulation.logs import InstanceLog

# ns: killed processes were gone 36 to 55 ms after the order, and had no acknowledgements for what came in the last of
# it
_DYING = SECOND // 40
_ORDERED = 4  # an order to end is with the process after a quarter of `stop`: 13 to 31 ms from it to a log's first word
_LOCKED = (
    f"Database /var/lib/activemq/kahadb/lock is {BY_ANOTHER}. "
    "This broker is now in slave mode waiting a lock to be acquired"
)
_RECOVERING = "Recovering from the journal @1:0"


class Process(Protocol):
    """The process of a broker that holds its store's lock."""

    @property
    def id(self) -> str:
        """Return the broker's id, new with each process."""
        ...

    def serve(self) -> None:
        """Listen on all ports, and start the network connectors."""
        ...

    def stop(self) -> None:
        """Close everything in order."""
        ...

    def halt(self) -> None:
        """End at once: nothing more happens."""
        ...

    def pause(self) -> None:
        """Freeze."""
        ...

    def resume(self) -> None:
        """Resume."""
        ...


class Host(Protocol):
    """The network's part in an instance's state: the kernel of its host."""

    def power(self, instance: str, state: str) -> None:
        """Have the host's kernel answer as in a state: UP, PAUSED, DOWN, ABSENT or DELETED."""
        ...


def samples(broker: str, version: str) -> Iterator[tuple[str, str]]:
    """Yield one line of each kind that a process writes of its life, each with its logger."""
    for what in ("is starting", "started", "is shutting down", "is shutdown"):
        yield "BrokerService", _told(version, broker, f"ID:{broker}-49152-1-0:1", what)
    yield from (("SharedFileLocker", _LOCKED), ("MessageDatabase", _RECOVERING))


def _told(version: str, broker: str, id: str, event: str) -> str:
    return f"Apache ActiveMQ {version} ({broker}, {id}) {event}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The parts of a lab that instances need."""

    kernel: Kernel
    costs: Costs
    host: Host
    lock_interval: int  # ns between two looks of a standby
    launch: Callable[[Instance], Process]  # the process of an instance that has its store's lock
    version: Callable[[str], str]  # of a broker: the release of ActiveMQ
    served: Callable[[str], None]  # is told of a broker an instance of which serves now


@dataclass(slots=True, eq=False)
class StoreLock:
    """The lock of one broker's store, which its instances share."""

    store: Store = field(default_factory=Store)
    holder: Instance | None = None


class Instance:
    """One instance of a broker."""

    def __init__(
        self,
        name: str,
        broker: str,
        number: int,
        mark: int,
        lock: StoreLock,
        log: InstanceLog,
        machine: Machine,
    ) -> None:
        self.name, self.broker, self.number, self.mark = name, broker, number, mark
        self.lock, self.log = lock, log
        self._machine = machine
        self.state = ABSENT
        self.process: Process | None = None
        self.served = False
        self.waits = False  # for the store's lock
        self._life = 0  # new whenever what its process has planned is void
        self._begun = 0  # processes so far
        self._dying = False  # its process has got SIGKILL
        self._look: Timer | None = None  # its next one at the lock, while it waits
        self._held: list[Callable[[], None]] = []  # due while it was frozen

    def begin(self) -> None:
        """Start a process; a process that a parallel step is still ending has ended."""
        if self.process is not None:
            self._end()
        self._life += 1
        self._begun += 1
        self.waits = self.served = self._dying = False
        self._to(STARTING)
        self._after(self._machine.costs.begin, self._ask)

    def stand(self, age: int) -> None:
        """Set a standby's next look at the lock as if it had waited for so many ns longer."""
        if self.waits and self._look is not None:
            cancel(self._look)
            due = self._look[0] - self._machine.kernel.now
            self._look = self._after((due - age) % self._machine.lock_interval, self._ask)

    def _after(self, delay: int, do: Callable[[], None]) -> Timer:
        life = self._life

        def due() -> None:
            if life == self._life:
                if self.state == PAUSED:
                    self._held.append(due)
                else:
                    do()

        return self._machine.kernel.after(delay, due)

    def _ask(self) -> None:
        """Take the store's lock, or look again after a while."""
        if self.lock.holder is not None:
            if not self.waits:
                self.waits = True
                self._say("SharedFileLocker", _LOCKED)
                self._machine.kernel.notify()
            self._look = self._after(self._machine.lock_interval, self._ask)
            return
        self.lock.holder = self
        delay = self._machine.costs.boot
        if not self.lock.store.clean:
            delay += self._machine.costs.recover
            self._say("MessageDatabase", _RECOVERING)
        self.process = self._machine.launch(self)
        self._tell("is starting")
        self._after(delay, self._started)

    def _started(self) -> None:
        assert self.process is not None  # the store's lock is held
        self.served, self.waits = True, False
        if self.state == STARTING:
            self._to(UP)
        self.process.serve()
        self._tell("started")
        self._machine.served(self.broker)
        self._machine.kernel.notify()

    def stop(self, within: int) -> str:
        """End in order, within so many ns, or be killed then; return "stopped" or "killed". Blocks."""
        if self.state in OUT:
            return "stopped"
        costs, kernel, begun = self._machine.costs, self._machine.kernel, self._begun
        if self._dying:
            kernel.sleep(_DYING)
            return "stopped"
        if self.state == PAUSED or costs.stop > within:
            kernel.sleep(within)
            if begun == self._begun:
                self._die()
            return "killed"
        self._to(STOPPING)
        life = self._next_life()
        if self.process is not None:
            self._tell("is shutting down")
            self.process.stop()
        kernel.sleep(costs.stop if self.process is not None else costs.stop // _ORDERED)
        if life == self._life:
            if self.process is not None:
                self._tell("is shutdown")
            self._end()
        return "stopped"

    def kill(self) -> None:
        """End, once the engine has given the process its signal. Blocks."""
        begun, machine = self._begun, self._machine
        machine.kernel.sleep(machine.costs.stop // _ORDERED)
        if begun == self._begun:  # else it was started meanwhile
            self._die()

    def _die(self) -> None:
        """End: its threads do at once; its sockets and its lock go once the kernel has its memory back. Blocks."""
        begun, self._dying = self._begun, True
        self._next_life()
        if self.process is not None and self.state != PAUSED:
            self.process.pause()
            self._machine.host.power(self.name, PAUSED)
        self._machine.kernel.sleep(_DYING)
        if begun == self._begun and self._dying:  # else it was started meanwhile, or another order has ended it
            self._end()

    def _next_life(self) -> int:
        """Drop everything that the process has planned."""
        self._life += 1
        return self._life

    def delete(self) -> None:
        """End, and be deleted."""
        self.kill()
        self._to(DELETED)

    def _end(self) -> None:
        process, self.process = self.process, None
        self.served = self.waits = self._dying = False
        self._held.clear()
        self._to(DOWN)
        if process is not None:
            process.halt()
        if self.lock.holder is self:
            self.lock.holder = None
        self._machine.kernel.notify()

    def pause(self) -> None:
        """Freeze."""
        if self._dying:
            return
        self._to(PAUSED)
        if self.process is not None:
            self.process.pause()

    def resume(self) -> None:
        """Resume, first with the actions that fell due meanwhile."""
        if self._dying:
            return
        self._to(UP if self.served or self.waits else STARTING)
        if self.process is not None:
            self.process.resume()
        held, self._held = self._held, []
        for due in held:
            self._machine.kernel.after(0, due)

    @property
    def ready(self) -> bool:
        """Return whether it serves, or could take over at any time."""
        return self.served or self.waits

    @property
    def now(self) -> State:
        """Return its state, in the words of steps."""
        return State.UP if self.state in (UP, STARTING, STOPPING) else State(self.state)

    def _to(self, state: str) -> None:
        self.state = state
        self._machine.host.power(self.name, UP if state in (STARTING, STOPPING) else state)

    def _tell(self, event: str) -> None:
        assert self.process is not None  # the store's lock is held
        version = self._machine.version(self.broker)
        self._say("BrokerService", _told(version, self.broker, self.process.id, event))

    def _say(self, logger: str, text: str) -> None:
        self.log.write("INFO", logger, text)


class Instances:
    """The instances of all brokers, with their states, and the steps that switch them."""

    def __init__(
        self, kernel: Kernel, brokers: dict[str, tuple[Instance, ...]], changed: Callable[[str], None]
    ) -> None:
        self._kernel, self.brokers = kernel, brokers
        self._changed = changed  # is called with a broker that a switch has changed
        self.last = {name: instances[0] for name, instances in brokers.items()}

    def add(self, broker: str, instances: tuple[Instance, ...]) -> None:
        """Add a broker, or replace a deleted broker."""
        self.brokers[broker] = instances
        self.last[broker] = instances[0]

    @property
    def all(self) -> tuple[Instance, ...]:
        """Return every instance of every broker."""
        return tuple(instance for instances in self.brokers.values() for instance in instances)

    def instance(self, broker: str, number: int) -> Instance:
        """Return an instance by its broker and number."""
        return next(instance for instance in self.brokers[broker] if instance.number == number)

    def stand(self, age: int) -> None:
        """Set standbys' next looks at their locks as if they had waited for so many ns longer."""
        for instance in self.all:
            instance.stand(age)

    def holder(self, broker: str) -> Instance | None:
        """Return the active instance, which may be frozen; None while no instance is active."""
        instances = self.brokers[broker]
        if len(instances) == 1:
            return instances[0]
        holder = next((each for each in instances if each.served and each.state != STOPPING), None)
        if holder is not None:
            self.last[broker] = holder
        return holder

    def answering(self, broker: str) -> Instance | None:
        """Return the instance whose management answers now."""
        holder = self.holder(broker)
        return holder if holder is not None and holder.served and holder.state == UP else None

    def active(self, broker: str) -> int | None:
        """Return the number of the active instance; a frozen one counts, since it keeps its store's lock."""
        holder = self.holder(broker)
        return None if holder is None else holder.number

    def state(self, broker: str, instance: int = 1) -> State:
        """Return an instance's state."""
        return self.instance(broker, instance).now

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance does not run."""
        return self.state(broker, instance) is State.DOWN

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance serves, or waits for its store's lock, which another one has."""
        return self.instance(broker, instance).ready

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Stop an instance."""
        return self._switch(broker, instance, lambda its: its.stop(nanoseconds(within)))

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Kill an instance."""
        return self._switch(broker, instance, Instance.kill, "killed")

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance."""
        holder = self.holder(broker)
        started = self._switch(broker, instance, Instance.begin, "starting")
        return started.with_fields(standby=holder not in (None, self.instance(broker, instance)))

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance."""
        return self._switch(broker, instance, Instance.pause, "paused")

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Resume an instance."""
        return self._switch(broker, instance, Instance.resume, "resumed")

    def delete(self, broker: str) -> BrokerChanged:
        """Remove a broker with its store."""
        for instance in self.brokers[broker]:
            instance.delete()
        self._changed(broker)
        return BrokerChanged(t=self._kernel.tick(), broker=broker, state="deleted")

    def _switch(
        self, broker: str, number: int, switch: Callable[[Instance], str | None], state: str = ""
    ) -> BrokerChanged:
        """Switch an instance and return the change, whose state is `state`, or else the one that `switch` returns."""
        instance = self.instance(broker, number)
        self.holder(broker)  # which is remembered
        standby = self.last[broker] is not instance
        state = switch(instance) or state
        t = self._kernel.now / SECOND
        self._changed(broker)
        return BrokerChanged(t=t, broker=broker, state=state, instance=instance.mark, standby=standby)
