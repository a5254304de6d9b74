"""A served account that has records alone: no broker runs, and a verb's end comes by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account, open_windows
from lab.amazonmq.configurations.sanitising import Removal
from lab.base.masking import Mask
from lab.base.version import __version__
from lab.declare.steps.base import OnAccount, OnNetwork, Step
from lab.declare.steps.service import DeleteBroker, Reboot, UpdateConfiguration
from lab.errors import InputError
from lab.extras.api import kept_account
from lab.extras.api.call import Call
from lab.extras.api.kept_account import KeptAccount, locked, new_access_key
from lab.extras.api.records import Records
from lab.extras.api.server_process import LOG
from lab.extras.api.settling import finished, in_progress
from lab.history import Header, Observation, SharedHistory, StepEnded, StepStarted
from lab.history.shared_file import begin
from lab.living.history import API, FILE
from lab.operating.control_plane import record_seen
from lab.operating.network import differences
from lab.operating.service import revision_saved
from lab.plan.control import Control
from lab.runtime.state_file import make_folder, writing_to

UNSEEN_SECONDS = 10.0  # after which a state in progress ends, if no client asks for it
_BEGINNINGS: Mapping[type[Step], Callable[[Account, str], Account]] = {
    Reboot: brokers.begin_reboot,
    DeleteBroker: brokers.delete_broker,
}


class RecordsAccount:
    """The account of a folder. One server has it at a time; `close` gives it back.

    A creation, a reboot or a deletion ends `takes` seconds after its beginning. With None, it ends with the next call
    after a client has been answered that it is in progress, or after a few seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        access_key: str | None = None,
        takes: float | None = None,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Callable[[str], None] = lambda text: None,
    ) -> None:
        make_folder(folder)
        self.folder, self.machine = folder, machine
        self._lock = locked(folder)
        self._takes, self._log = takes, log
        self._mask = Mask()
        self._answered: set[str] = set()
        self._since: dict[str, datetime] = {}
        try:
            kept = kept_account.load(folder)
            if kept is None:
                kept = self._empty(access_key or new_access_key())
            elif access_key is not None:
                kept = KeptAccount(
                    access_key=access_key, created=kept.created, control=kept.control, records=kept.records
                )
            self._kept, self._attended = kept, kept.control.account.attended
            kept_account.save(kept, folder)
            self.history = self._history()
        except BaseException:
            self.close()
            raise

    @property
    def access_key(self) -> str:
        """Return the id of the only access key that the server accepts."""
        return self._kept.access_key

    @property
    def control(self) -> Control:
        """Return the account of Amazon MQ and the network as they are now."""
        return self._kept.control

    @property
    def records(self) -> Records:
        """Return the facts that AWS keeps beside them."""
        return self._kept.records

    @property
    def age(self) -> timedelta:
        """Return the time since the account was created; peering requests expire by it."""
        return self.machine() - self._kept.created

    def serve(self, call: Call) -> ServedCall:
        """Return the account for a call, after the verbs that have ended and the requests that have expired."""
        self._go_on()
        return ServedCall(self, call)

    def hide(self, password: str) -> None:
        """Mask a password in the log and in the history."""
        self._mask |= Mask.of([password])

    def notice(self, text: str) -> None:
        """Write a line to the log, without passwords."""
        self._log(self._mask.text(text))

    def answered(self, broker_id: str) -> None:
        """Note that an answer has the state of a broker, if the state is in progress."""
        if broker_id in self._since:
            self._answered.add(broker_id)

    def keep(self, control: Control, records: Records, removals: Sequence[Removal] = ()) -> tuple[Observation, ...]:
        """Save a state, and return its differences from the state before as observations.

        `removals` are the settings that were removed from a configuration's new revision.
        """
        before, t = self.control, self.age.total_seconds()
        if (control, records) == (before, self.records):
            return ()
        # A window that has passed stays passed; until a change is saved, no change can wait for a window.
        control = replace(control, account=replace(control.account, attended=self._attended))
        kept = self._kept.with_state(control, records)
        kept_account.save(kept, self.folder)
        self._kept = kept
        now = self.machine()
        waiting = set(in_progress(control.account))
        self._since = {key: self._since.get(key, now) for key in waiting}
        self._answered &= waiting
        return tuple(_differences(before, control, t, removals))

    @contextmanager
    def step(self, verb: str, summary: str) -> Iterator[list[Observation]]:
        """Record a verb that is done in the block as a step; the block adds the observations to the list."""
        observations: list[Observation] = []
        number = self.history.step(
            lambda number: StepStarted(t=self.age.total_seconds(), step=number, verb=verb, asked=summary, by=API)
        )
        try:
            yield observations
        except BaseException as error:
            why = str(error).partition("\n")[0] or type(error).__name__
            self.history.step_ended(StepEnded(t=self.age.total_seconds(), step=number, ok=False, note=why))
            raise
        self.history.record(*observations)
        self.history.step_ended(StepEnded(t=self.age.total_seconds(), step=number))

    def reset(self) -> None:
        """Make the account empty; its access key stays."""
        self._answered, self._since = set(), {}
        self._kept = self._empty(self.access_key)
        self._attended = self._kept.control.account.attended
        kept_account.save(self._kept, self.folder)

    def close(self) -> None:
        """Close the files, so that another server can have the account; it stays on file."""
        if hasattr(self, "history"):
            self.history.close()
        os.close(self._lock)

    def _empty(self, access_key: str) -> KeptAccount:
        now = self.machine()
        return KeptAccount(access_key=access_key, created=now, control=Control(account=Account(attended=now)))

    def _history(self) -> SharedHistory:
        path = self.folder / FILE
        if path.exists():
            history = SharedHistory(path, lambda: self._mask)
            for number in history.interrupted():
                ended = StepEnded(t=self.age.total_seconds(), step=number, ok=False, note="the server was killed")
                history.step_ended(ended)
            return history
        header = Header(
            run=self.folder.name,
            scenario="",
            seed=0,
            runtime="none",
            started=self._kept.created.isoformat(),
            declared={},
            mqlab=__version__,
            standing=True,
        )
        begin(path, header).close()
        return SharedHistory(path, lambda: self._mask)

    def _go_on(self) -> None:
        """End verbs that took long enough, open maintenance windows, and let peering requests expire."""
        now, control, records = self.machine(), self.control, self.records
        for key in in_progress(control.account):
            since = self._since.setdefault(key, now)
            if self._takes is None:
                over = key in self._answered or (now - since).total_seconds() >= UNSEEN_SECONDS
            else:
                over = (now - since).total_seconds() >= self._takes
            if over:
                control, records = finished(control, records, key)
        account, opened = open_windows(replace(control.account, attended=self._attended), now)
        self._attended = account.attended
        for name in opened:
            account = brokers.begin_reboot(account, name)
        if opened:
            control = replace(control, account=account)
        control = replace(control, network=control.network.at(self.age))
        if observations := self.keep(control, records):
            self.history.record(*observations)


class ServedCall:
    """The account during one call; its verbs are recorded with the call's operation, by the door `api`."""

    def __init__(self, account: RecordsAccount, call: Call) -> None:
        self._account, self._call = account, call
        self.answered, self.hide, self.notice = account.answered, account.hide, account.notice

    @property
    def control(self) -> Control:
        """Return the account of Amazon MQ and the network as they are now."""
        return self._account.control

    @property
    def records(self) -> Records:
        """Return the facts that AWS keeps beside them."""
        return self._account.records

    @property
    def now(self) -> datetime:
        """Return the service's time."""
        return self.control.account.now(self._account.machine())

    def change(self, verb: Callable[[Control, Records], tuple[Control, Records]], summary: str = "") -> None:
        """Keep the outcome of a verb of the API alone."""
        name = _words(self._call.operation)
        with self._account.step("-".join(name), summary or f"{' '.join(name)} in {self._call.region}") as observations:
            observations += self._account.keep(*verb(self.control, self.records))

    def local_ports(self, broker: str) -> Sequence[Mapping[str, int]]:
        """Return none: no broker runs."""
        return ()

    def fill(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return None: the account has no declared brokers."""
        return None

    def do(self, step: Step) -> None:
        """Do a verb that scenarios have too; of a reboot and a deletion this is the beginning."""
        with self._account.step(step.verb, step.words()) as observations:
            removals: tuple[Removal, ...] = ()
            if isinstance(step, UpdateConfiguration):
                removals = step.update(self.control.account, self._account.machine()).removals
            observations += self._account.keep(self._decided(step), self.records, removals)

    def _decided(self, step: Step) -> Control:
        control = self.control
        for kind, begins in _BEGINNINGS.items():
            if isinstance(step, kind):
                return replace(control, account=begins(control.account, step.broker))  # type: ignore[attr-defined]
        if isinstance(step, OnNetwork):
            return replace(control, network=step.decide(control.network, self._account.age))
        if isinstance(step, OnAccount):
            return replace(control, account=step.decide(control.account, self._account.machine()))
        raise InputError.of(f"{step.verb} needs a lab that runs, and this account has records alone")


def forgotten(folder: Path) -> None:
    """Remove the folder of an account with its log; raise InputError if another server has it by now."""
    descriptor = locked(folder)
    try:
        with writing_to(folder):
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)


def emptied(folder: Path) -> None:
    """Remove the account of a folder, if there is one and no server has it; the log stays."""
    if folder.is_dir():
        os.close(locked(folder))
        for path in folder.iterdir():
            if path.name != LOG:  # this server may write to it already
                path.unlink(missing_ok=True)


def _differences(before: Control, after: Control, t: float, removals: Sequence[Removal]) -> Iterator[Observation]:
    records = {record.name: record for record in before.account.brokers}
    for record in after.account.brokers:
        if records.get(record.name) != record:
            yield record_seen(record, t)
    revisions = {each.name: len(each.revisions) for each in before.account.configurations}
    for configuration in after.account.configurations:
        for revision in configuration.revisions[revisions.get(configuration.name, 0) :]:
            yield revision_saved(configuration.name, revision, removals, t)
    if before.network is not after.network:
        yield from differences(before.network, after.network, t)


def _words(operation: str) -> list[str]:
    """Return the words of an operation's name: CreateVpc → create, vpc."""
    parts: list[str] = []
    for sign in operation:
        if sign.isupper():
            parts.append("")
        parts[-1] += sign.lower()
    return parts
