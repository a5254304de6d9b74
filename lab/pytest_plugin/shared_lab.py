"""A lab that tests share: opened when one asks for it, brought back after each, renewed where that is impossible."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace

from lab.amazonmq.account.account import Account
from lab.base.dataclass import dataclass
from lab.errors import LabError
from lab.history import BrokerChanged, Counted, Follower, LinkChanged, Observation, PolicyApplied, SnapshotTaken
from lab.living.lab import Condition, Live
from lab.pytest_plugin.lab_of_test import LabOfTest
from lab.runtime.lab import StandingLab

_LOG = logging.getLogger("lab")
_COUNTED = "between tests"
_SWITCHED = ("killed", "stopped", "paused")  # what a verb makes of an instance; of a pair no count tells of a standby
_SETTLES = (0.5, 1.5, 18.0)  # seconds, in which clients go and messages arrive that were on their way


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The brokers' counts at a moment, which show the messages that a test has left."""

    processes: Mapping[str, str]  # broker → its process; a broker that does not answer is missing
    busy: Mapping[tuple[str, str], int]  # broker and destination → consumers and messages in flight
    waiting: int  # messages in queues

    @classmethod
    def of(cls, lab: StandingLab) -> Counts:
        """Count now."""
        processes, busy, waiting = dict[str, str](), dict[tuple[str, str], int](), 0
        for seen in lab.management.snapshot(_COUNTED):
            if isinstance(seen, SnapshotTaken) or seen.of not in ("broker", "destination"):
                continue
            if seen.of == "broker":
                processes[seen.broker] = seen.session
                continue
            waiting += seen.counters.get("queued", 0)
            if number := _busy(seen):
                busy[seen.broker, seen.name] = number
        return cls(processes=processes, busy=busy, waiting=waiting)

    def left(self, before: Counts) -> tuple[str, ...]:
        """Return the destinations that are busier than they were."""
        more = (name for (broker, name), busy in self.busy.items() if busy > before.busy.get((broker, name), 0))
        return tuple(dict.fromkeys(more))


class SessionLab(Live):
    """The lab of a session; after a renewal the same object is the new lab."""

    def move(self, to: StandingLab) -> None:
        """Represent another lab from now on: clients of the old lab are closed."""
        self._conversations.close()
        Live.__init__(self, to)


class SharedLab:
    """One lab for many tests, one after another; one that `stays` is brought back before it is closed."""

    def __init__(self, opening: Callable[[], AbstractContextManager[Live]], *, stays: bool = False) -> None:
        self._opening, self._stays = opening, stays
        self._open = ExitStack()
        self._live: SessionLab | None = None
        self._declared: Condition | None = None
        self._account: Account | None = None
        self._counts = Counts(processes={}, busy={}, waiting=0)  # when it was opened
        self._history: Follower | None = None
        self._failed: LabError | None = None
        self.steps = 0  # of its history, when it was opened or last brought back: more of them are somebody else's
        self.touched = False  # since it was last brought back
        self.spoilt = ""  # why it has to be renewed

    @property
    def run(self) -> str:
        """Return the id of the lab's run; "" if it is not open."""
        return self._live.run if self._live is not None and self._declared is not None else ""

    def ready(self) -> SessionLab:
        """Return the lab, opened or renewed if need be; an opening that failed is not tried again."""
        if self._failed is not None:
            raise self._failed
        if self.spoilt and self._live is not None:
            _LOG.warning("lab %s is renewed: %s", self._live.run, self.spoilt)
            self.close()
        if self._declared is None:
            try:
                lab = self._open.enter_context(self._opening()).lab
            except LabError as error:
                self._failed = error
                raise
            if self._live is None:
                self._live = SessionLab(lab)
            else:
                self._live.move(lab)
            self.steps = self._live.history.file.last_step()  # before all is looked at: what comes meanwhile is more
            self._declared, self._counts = self._live.condition(), Counts.of(lab)
            self._account = _changed_by_tests(self._live.account)
            self._history = self._open.enter_context(closing(Follower(self._live.history.file.path)))
            self.spoilt, self.touched = "", False
        assert self._live is not None  # it is made with the first opening
        return self._live

    @contextmanager
    def test(self, name: str) -> Iterator[LabOfTest]:
        """Return the lab for a test, as it was declared and without messages; bring it back afterwards."""
        live, before = self._begin()
        self.touched = True
        try:
            with LabOfTest(live.lab, name) as lab:
                yield lab
        finally:
            self._bring_back(live, before)

    def close(self) -> None:
        """End the lab, if it is open."""
        try:
            if self._stays and self.touched and not self.spoilt and self._live is not None and self._declared:
                self._live.move(self._live.lab)  # clients go, and none is to be left that was not there at the opening
                self._bring_back(self._live, self._counts)
        finally:
            self._declared = None
            if self._live is not None:
                self._live.__exit__(None, None, None)
            self._open.close()

    def _begin(self) -> tuple[SessionLab, Counts]:
        """Return the lab as a test may have it, and its counts."""
        live = self.ready()
        counts = Counts.of(live.lab)
        if not (self.touched or counts.waiting or counts.processes != self._counts.processes):
            return live, counts
        self._bring_back(live, counts)
        live = self.ready()
        return live, Counts.of(live.lab)

    def _bring_back(self, live: SessionLab, before: Counts) -> None:
        """Bring the lab back, or take note why it has to be renewed; one that is spoilt already stays as it is."""
        self.steps = live.history.file.last_step()  # before what was done is looked at, as when it was opened
        self.spoilt = self.spoilt or self._what_spoils(live, before)
        self.touched = False

    def _what_spoils(self, live: SessionLab, before: Counts) -> str:
        """Bring the lab back, or return why it cannot be."""
        assert self._declared is not None and self._history is not None  # it is open
        try:
            if _changed_by_tests(live.account) != self._account:
                return "the service's records of a broker, its users or its configuration have changed"
            told = tuple(self._history.new())
            if switched := [seen for seen in told if isinstance(seen, BrokerChanged) and seen.state in _SWITCHED]:
                return f"broker {switched[0].broker} was {switched[0].state}"
            now = Counts.of(live.lab)
            for broker, process in self._counts.processes.items():
                if now.processes.get(broker) != process:
                    return f"broker {broker} {'was started anew' if broker in now.processes else 'does not answer'}"
            if self._changed(live, self._declared, told):
                live.restore(self._declared)
            if now.left(before) and (left := self._left(live, before)):
                return f"clients or messages on their way stay too long at {', '.join(left)}"
            live.purge()
        except LabError as error:
            return error.what
        return ""

    def _left(self, live: SessionLab, before: Counts) -> tuple[str, ...]:
        """Wait until clients have gone and messages have arrived; return where some have not."""
        left: list[tuple[str, ...]] = []

        def settled() -> bool:
            left.append(Counts.of(live.lab).left(before))
            return not left[-1]

        for seconds in _SETTLES:
            live.purge()  # a durable subscription counts as a consumer, until its client has gone and it is ended
            if live.lab.clock.wait(settled, seconds):
                break
        return left[-1]

    def _changed(self, live: SessionLab, declared: Condition, told: Sequence[Observation]) -> bool:
        """Return whether links, network or bridges may be others: the router is asked only then, which takes long."""
        changed = any(isinstance(seen, LinkChanged | PolicyApplied) for seen in told)
        return changed or not all(map(live.lab.management.bridge_is_up, declared.bridges))


def _busy(counted: Counted) -> int:
    """Return the consumers of a destination and its messages in flight, which do not come or go by themselves."""
    return counted.counters.get("consumers", 0) + counted.counters.get("in-flight", 0)


def _changed_by_tests(account: Account) -> Account:
    """Return an account without the field that changes as time passes."""
    return replace(account, attended=None)
