"""A lab that stands, and what may be done to it: each verb of the cloud decided, done, and kept for whoever comes next.

Commands on a running lab and programs of yours call the same methods; most are a function of `lab.operating`. Each verb
takes a turn of its own, on the lab as whoever had it before has left it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from lab.activemq import releases
from lab.amazonmq.account.account import due_brokers, open_windows, unfinished
from lab.amazonmq.account.broker_record import BrokerState
from lab.amazonmq.account.maintenance import Window
from lab.declare.steps.broker import STARTS_WITHIN
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.delete_broker import DeleteBroker
from lab.declare.steps.move_clock import JUST_BEFORE
from lab.declare.steps.reboot import Reboot
from lab.errors import InputError, LabError
from lab.living import words
from lab.living.lab import in_turn
from lab.living.network import Networked
from lab.operating import Done, brokers, clock, configurations, creation, users
from lab.operating.reboot import reboot
from lab.runtime import note as notes
from lab.runtime.note import note_folder
from lab.runtime.progress import Told
from lab.runtimes import runtime

_STARTS_WITHIN = STARTS_WITHIN.total_seconds()


class Live(Networked):
    """A lab with all its verbs. What AWS refuses is an InputError, and has changed nothing."""

    @in_turn
    def create_configuration(self, name: str, engine_version: str = releases.DEFAULT) -> Done:
        """Make a configuration from the service's default for its engine version."""
        made = configurations.create_configuration(self._control, name, engine_version, _machine(), t=self._t)
        return self._kept(made)

    @in_turn
    def update_configuration(self, name: str, text: str, *, description: str = "", file: str = "") -> Done:
        """Save a text as a configuration's next revision, sanitised; no broker changes by that."""
        return self._kept(
            configurations.update_configuration(
                self._control, name, text, _machine(), description=description, file=file or name, t=self._t
            )
        )

    @in_turn
    def update_broker(
        self,
        broker: str,
        *,
        configuration: str | None = None,
        revision: int | None = None,
        security_groups: Sequence[str] | None = None,
        window: Window | str | None = None,
        roll_back: bool = False,
    ) -> Done:
        """Make a revision or security groups pending until a reboot; a maintenance window is set at once.

        A window is a day, a time and a zone: `sunday 03:00 Asia/Tokyo`.
        """
        return self._kept(
            brokers.update_broker(
                self._control,
                self.account.broker(broker).name,
                configuration=configuration,
                revision=revision,
                security_groups=security_groups,
                window=words.maintenance_window(window) if isinstance(window, str) else window,
                roll_back=roll_back,
                t=self._t,
            )
        )

    @in_turn
    def reboot(self, broker: str, *, downtime: float | None = None, within: float = _STARTS_WITHIN) -> Done:
        """Reboot a broker, which applies what is pending, and return when it listens again.

        One that does not come back in time, or ends while starting, is RUNNING for the service all the same, as there:
        another revision can be applied to it.
        """
        down = None if downtime is None else timedelta(seconds=downtime)
        return reboot(self._plane, Reboot(broker=broker, downtime=down, within=timedelta(seconds=within)))

    @in_turn
    def create_broker(self, broker: str, *, within: float = _STARTS_WITHIN) -> Done:
        """Create a broker that the topology declares with `later: yes`, and return when it listens.

        One that does not start is CREATION_FAILED, as there, and can only be deleted.
        """
        return creation.create(self._plane, CreateBroker(broker=broker, within=timedelta(seconds=within)))

    @in_turn
    def delete_broker(self, broker: str) -> Done:
        """Delete a broker with its store, whatever its state; its configuration stays, its log is in the run folder."""
        return creation.delete(self._plane, DeleteBroker(broker=broker))

    @in_turn
    def create_user(
        self,
        broker: str,
        user: str,
        password: SecretStr | str,
        *,
        groups: Sequence[str] = (),
        console_access: bool = False,
    ) -> Done:
        """Make a user whom the broker knows after its next reboot."""
        name = self.account.broker(broker).name
        return self._kept(
            users.create_user(
                self._control, self.lab, name, user, _secret(password), groups=groups, console_access=console_access
            )
        )

    @in_turn
    def update_user(
        self,
        broker: str,
        user: str,
        *,
        password: SecretStr | str | None = None,
        groups: Sequence[str] | None = None,
        console_access: bool | None = None,
    ) -> Done:
        """Change what is given of a user, from the broker's next reboot on."""
        name = self.account.broker(broker).name
        new = None if password is None else _secret(password)
        return self._kept(
            users.update_user(
                self._control, self.lab, name, user, password=new, groups=groups, console_access=console_access
            )
        )

    @in_turn
    def delete_user(self, broker: str, user: str) -> Done:
        """Remove a user with the broker's next reboot."""
        return self._kept(users.delete_user(self._control, self.lab, self.account.broker(broker).name, user))

    @property
    def now(self) -> datetime:
        """Return the service's time, by which maintenance windows open."""
        return self.account.now(_machine())

    @in_turn
    def move_clock(
        self,
        *,
        to: datetime | str | None = None,
        before: str | None = None,
        by: timedelta | str = JUST_BEFORE,
    ) -> Done:
        """Set the service's clock forward: to a moment, or to so long before a broker's next maintenance window.

        A moment is a date, a time and a zone: `2026-11-29 02:59:55 Asia/Tokyo`. A window that is passed has opened:
        its broker is rebooted, if anything is pending, before this returns.
        """
        if (to is None) == (before is None):
            raise InputError.of("say one moment", "to a moment, or before a broker's window")
        if to is not None:
            moved = clock.moved(self._control, _machine(), words.moment(to, "to"))
        else:
            assert before is not None
            ahead = words.duration(by, "by")
            moved = clock.moved_before(self._control, _machine(), before, ahead)
        self._keep(moved.control)
        for broker in self.due():
            with self._told.stage(f"reboot {broker}, whose maintenance window has opened"):
                self.reboot(broker)
        return moved

    def agree(self) -> None:
        """Have the router and what is on file agree: a command that was killed may have told one and not the other.

        What is on file counts. The killed command has not said that anything was done.
        """
        self.lab.agree(self._control.network)

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        """Return what somebody began and did not end, and of which broker: nobody is at it while it is our turn."""
        return unfinished(self.account)

    def resume(self, broker: str) -> Done:
        """End a reboot, a creation or a deletion that was interrupted, whatever had been done of it."""
        match self.account.broker(broker).state:
            case BrokerState.CREATION_IN_PROGRESS:
                return creation.create(self._plane, CreateBroker(broker=broker), resumed=True)
            case BrokerState.DELETION_IN_PROGRESS:
                return self.delete_broker(broker)
            case _:
                return reboot(self._plane, Reboot(broker=broker, downtime=timedelta(0)), resumed=True)

    def due(self) -> tuple[str, ...]:
        """Name the brokers whose maintenance window has opened with something pending, and that are not yet rebooted.

        Each is named until its reboot begins: also what a command was killed before.
        """
        account, _ = open_windows(self.account, _machine())
        self._keep(replace(self._control, account=account))  # what comes to be pending now waits for the next window
        return due_brokers(account)

    def _catch_up(self) -> None:
        catch_up(self, self._told)


@contextmanager
def attach(
    run: str | None = None, *, environment: Mapping[str, str] = os.environ, progress: Told | None = None
) -> Iterator[Live]:
    """Return a lab that is running, whoever opened it: by its run id, or its beginning or end, or else the only one.

    It goes on after the block.
    """
    folder = note_folder(environment)
    note = notes.chosen(notes.load_all(folder), run)
    with runtime(note.runtime, environment) as its, its.attach(note, folder) as lab, Live(lab, progress) as live:
        yield live


def catch_up(live: Live, told: Told) -> None:
    """Do what is left over; what fails is told, and does not keep a verb from mending it."""
    with warned("have the router do what is on file", told):
        live.agree()
    for what, broker in live.interrupted():
        stage = f"end the {what} of {broker} that was interrupted"
        with warned(stage, told), told.stage(stage):
            live.resume(broker)
    for broker in live.due():
        stage = f"reboot {broker}, whose maintenance window has opened"
        with warned(stage, told), told.stage(stage):
            live.reboot(broker)


@contextmanager
def warned(stage: str, told: Told) -> Iterator[None]:
    """Tell of what goes wrong in a block, and go on."""
    try:
        yield
    except (LabError, OSError) as error:
        told.warn(f"could not {stage}: {error}")


def _secret(password: SecretStr | str) -> SecretStr:
    return SecretStr(password) if isinstance(password, str) else password


def _machine() -> datetime:
    return datetime.now(UTC)
