"""serve with brokers: a served account and the lab that its requests build, opened or found again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import structs

from lab import labs
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.errors import HostError, LabError
from lab.extras.api import kept_account
from lab.extras.api.built_account import BuiltAccount, control_of, without_brokers
from lab.extras.api.call import Call
from lab.extras.api.kept_account import KeptAccount, new_access_key
from lab.extras.api.lab_account import LabCall
from lab.extras.api.mq.instance_options import ENGINE_VERSIONS
from lab.living.attach import attach, attend
from lab.living.ending import end
from lab.living.history import API
from lab.living.lab import Live
from lab.living.windows import stand
from lab.operating import runtimes
from lab.plan.control import Control
from lab.runtime import state_file as state_files
from lab.runtime.progress import Told
from lab.runtime.runtime import AWS, LOCAL, Runtime
from lab.runtime.state_file import StateFile, note_folder

MOST_CATCH_UP_SECONDS = 600.0  # of models' time that one call computes: some hours would keep its client waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The lab of a served account, as its server is asked for it.

    A size of None is the usual size, or the size of the lab that runs.
    """

    folder: Path  # of the account
    runtime: str
    vpcs: int | None
    brokers: int | None
    usual: tuple[int, int]  # VPCs, and brokers of each
    reboot_time: timedelta
    progress: Told
    log: Callable[[str], None]
    endpoints: str = AWS  # models have none, and the names of AWS

    @property
    def local(self) -> bool:
        """Return whether brokers are described by ports of localhost."""
        return self.endpoints == LOCAL


class Served:
    """A served account with its lab: `account` answers calls, `stand` waits for the lab's end; `hint` may be ""."""

    def __init__(
        self, account: BuiltAccount, serve: Callable[[Call], LabCall], stand: Callable[[], None] | None, hint: str = ""
    ) -> None:
        self.account, self.serve, self.stand, self.hint = account, serve, stand, hint


@contextmanager
def served(wanted: Wanted, *, access_key: str | None) -> Iterator[Served]:
    """Serve an account with its lab for the block; the lab ends with the block."""
    folder = wanted.folder
    state_files.make_folder(folder)
    lock = kept_account.locked(folder)
    try:
        kept = kept_account.load(folder)
        if kept is None:
            kept = KeptAccount(access_key=access_key or new_access_key(), created=datetime.now(UTC))
        elif access_key is not None:
            kept = structs.replace(kept, access_key=access_key)
        serving = _simulated if wanted.runtime == runtimes.SIMULATION else _emulated
        with serving(wanted, kept) as made:
            yield made
    finally:
        os.close(lock)


@contextmanager
def _simulated(wanted: Wanted, kept: KeptAccount) -> Iterator[Served]:
    """Serve models, whose time goes on with each call: a call comes after the verbs that have begun."""
    _tell_lost(kept, wanted.log)
    begun: list[Callable[[], None]] = []
    with _opened(wanted, detach=False) as live:
        account = _account(wanted, live, _begun(live, kept, wanted.folder), begun.append)
        last = time.monotonic()

        def serve(call: Call) -> LabCall:
            nonlocal last
            while begun:
                begun.pop(0)()
            now, last = time.monotonic() - last, time.monotonic()
            live.lab.clock.sleep(min(now, MOST_CATCH_UP_SECONDS))
            return account.serve(call)

        yield Served(account, serve, None)


@contextmanager
def _emulated(wanted: Wanted, kept: KeptAccount) -> Iterator[Served]:
    """Serve real brokers; verbs go on in threads. A lab that a killed server has left is found again."""
    states, progress, log = note_folder(os.environ), wanted.progress, wanted.log
    with ExitStack() as stack:
        live = _found(kept, states, stack, progress)
        if live is None:
            _tell_lost(kept, log)
            with _opened(wanted, detach=True) as opened:
                run = opened.run
                stack.callback(_end, run, states, wanted.folder, log)
                kept = _begun(opened, kept, wanted.folder)
            live = stack.enter_context(attach(run, progress=progress, by=API))
        else:
            run = live.run
            stack.callback(_end, run, states, wanted.folder, log)
            log(f"lab {run} of this account still runs: its brokers go on")
            _compare(live, wanted)

        def later(rest: Callable[[], None]) -> None:
            threading.Thread(target=rest, name="mqlab-verb", daemon=True).start()

        def reach() -> object:
            return attach(run, progress=progress, by=API)

        account = _account(wanted, live, kept, later, reach)
        why = live.lab.whereabouts().no_own_addresses
        if why and not wanted.local:
            log(f"AWS's names have no addresses on this machine: {why}; --endpoints local has ports")

        def wait() -> None:
            clock = live.lab.clock
            stand(run, states, clock, lambda: datetime.now(UTC), lambda: attend(run, progress, by=API))
            log(f"another command has ended lab {run}")

        hint = f"to map the brokers' names to this machine: mqlab env {run} --hosts-file"
        yield Served(account, account.serve, wait, "" if why or wanted.local else hint)


@contextmanager
def _opened(wanted: Wanted, *, detach: bool) -> Iterator[Live]:
    with labs.up_reserved(
        wanted.folder.name,
        vpcs=wanted.vpcs or wanted.usual[0],
        brokers=wanted.brokers or wanted.usual[1],
        engine_versions=ENGINE_VERSIONS,
        reboot_time=wanted.reboot_time,
        detach=detach,
        runtime=wanted.runtime,
        progress=wanted.progress,
        by=API,
        endpoints=LOCAL if wanted.runtime == runtimes.SIMULATION else wanted.endpoints,
    ) as live:
        yield live


def _account(
    wanted: Wanted,
    live: Live,
    kept: KeptAccount,
    later: Callable[[Callable[[], None]], None],
    reach: Callable[[], object] | None = None,
) -> BuiltAccount:
    runtime = runtimes.runtime(live.runtime, os.environ)
    add = runtime.prepare(live.lab.note.plan, wanted.progress).add
    return BuiltAccount(
        live, wanted.folder, kept, add=add, later=later, reach=reach, log=wanted.log, local=wanted.local
    )


def _begun(live: Live, kept: KeptAccount, folder: Path) -> KeptAccount:
    """Write the account without its brokers to a lab that has just opened, and return the account as it is then."""
    note = live.lab.note
    kept = without_brokers(kept, note.opened)
    with live.turn():
        account = replace(kept.control.account, attended=note.control.account.attended)
        network = replace(kept.control.network, topology=note.control.network.topology)
        live.lab.keep_control(Control(account=account, network=network))
    kept = structs.replace(kept, run=note.run if note.detached else "", control=control_of(live.lab.note))
    kept_account.save(kept, folder)
    return kept


def _found(kept: KeptAccount, states: Path, stack: ExitStack, progress: Told) -> Live | None:
    """Return the lab of an account that still runs; the remains of a lab that has ended are removed."""
    note = state_files.load(kept.run, states) if kept.run else None
    if note is None:
        return None
    with ExitStack() as trying:
        try:
            live = trying.enter_context(attach(note.run, progress=progress, by=API))
            live.lab.policies.dropped()  # which its router answers
        except LabError as error:
            with runtimes.runtime(note.runtime, os.environ) as its:
                remove_ended(note, its, states, error)
            return None
        stack.push(trying.pop_all())
        return live


def remove_ended(note: StateFile, runtime: Runtime, states: Path, error: LabError) -> None:
    """Remove the parts of a lab that has ended; raise HostError for a lab that may only be slow to answer."""
    if not runtime.has_ended(note):
        why = str(error).partition("\n")[0]
        raise HostError(
            f"lab {note.run} does not answer: {why}", f"try again, or end it: mqlab down {note.run}"
        ) from error
    end(note, runtime, states)


def _end(run: str, states: Path, folder: Path, log: Callable[[str], None]) -> None:
    """End the lab of a server that ends, unless it has been ended."""
    if (note := state_files.load(run, states)) is not None:
        log("ending the lab, and its brokers with it")
        try:
            kept = kept_account.load(folder)
            if kept is not None:
                kept_account.save(kept.with_state(control_of(note), kept.records), folder)
        finally:
            with runtimes.runtime(note.runtime, os.environ) as its:
                end(note, its, states)


def _tell_lost(kept: KeptAccount, log: Callable[[str], None]) -> None:
    """Name the brokers whose lab has ended."""
    if names := [each.name for each in kept.control.account.brokers]:
        log(f"the lab of the account has ended, and with it {several(len(names), 'broker')}: {', '.join(names)}")


def _compare(live: Live, wanted: Wanted) -> None:
    """Warn of a wanted size that the running lab does not have."""
    has = live.lab.note.plan.places
    assert has is not None  # requests build it
    for option, size, there in (
        ("--vpcs", wanted.vpcs, len(has.instances)),
        ("--brokers", wanted.brokers, max(has.instances.values())),
    ):
        if size not in (None, there):
            wanted.log(f"{option} {size} has no effect: the lab runs with {there}; end it first: mqlab down {live.run}")
