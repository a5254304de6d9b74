"""The labs of one session of tests: opened when they are wanted, shared, ended with the session or left to a person."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from lab import labs
from lab.base.file_locks import lock
from lab.base.version import __version__
from lab.check.scenarios import plan_named
from lab.errors import HostError, InputError, NoEngine
from lab.labs import Ran
from lab.living.lab import Live
from lab.operating import runtimes
from lab.pytest_plugin.lab_of_test import LabOfTest
from lab.pytest_plugin.shared_lab import SharedLab
from lab.pytest_plugin.wanted import ALWAYS, FAILED, NEVER, Settings, Wanted
from lab.runtime.runtime import Runtime
from lab.runtime.state_file import note_folder

_LOG = logging.getLogger("lab")


class Remembered(Protocol):
    """What is known of a lab from one session to the next."""

    @property
    def lock(self) -> Path:
        """Return the file that is locked by the session that has the lab."""
        ...

    def get(self) -> dict[str, str]:
        """Return the remembered texts; nothing at first."""
        ...

    def set(self, known: dict[str, str]) -> None:
        """Replace the remembered texts."""
        ...


class SessionLabs:
    """All labs that the tests of one process have."""

    def __init__(self, settings: Settings, remembered: Sequence[Remembered] = ()) -> None:
        self.settings, self._remembered = settings, remembered
        self.usual = SharedLab(
            self._reused if settings.reuse else partial(self._opened, settings.usual), stays=settings.reuse
        )
        self._other: tuple[Wanted, SharedLab] | None = None
        self._failed = set[str]()  # runs in which a test failed, and whose lab is to stay
        self.staying = list[str]()  # runs whose lab stays
        self._unreachable = dict[str, NoEngine]()  # by runtime: its engine has never answered, and is not asked again
        self._answered = set[str]()  # runtimes whose engine has: from then on its loss is an error

    def of(self, wanted: Wanted) -> SharedLab:
        """Return a lab that tests share: the session's own, or another one, of which there is one at a time."""
        if wanted == self.settings.usual:
            return self.usual
        if self._other is None or self._other[0] != wanted:
            self._close_other()
            self._other = wanted, SharedLab(partial(self._opened, wanted))
        return self._other[1]

    @contextmanager
    def made(self, wanted: Wanted, name: str) -> Iterator[LabOfTest]:
        """Open a lab for one test alone."""
        with self._opened(wanted) as live, LabOfTest(live.lab, name) as lab:
            yield lab

    def run(self, wanted: Wanted) -> Ran:
        """Run a scenario in a lab of its own; raise NoEngine if no engine for it has answered in this session."""
        with self._runtime(wanted) as its, self._asking(its):
            return labs.run(
                wanted.scenario,
                runtime=its,
                runs=self.settings.runs,
                environment=self.settings.environment,
                raising=False,
            )

    def failed(self, run: str, runtime: str) -> None:
        """Record that a test has failed in a lab: the first such lab that can stay does, if a lab is to stay."""
        if self.settings.keep == FAILED and not self._failed and runtime in runtimes.STANDING:
            self._failed.add(run)
            for shared in (self.usual, *([] if self._other is None else [self._other[1]])):
                if shared.run == run:
                    shared.spoilt = "a test has failed in this lab, so the lab stays"

    def close(self) -> None:
        """End all labs, but those that are to stay."""
        try:
            self._close_other()
        finally:
            self.usual.close()

    def _close_other(self) -> None:
        if self._other is not None:
            (_, other), self._other = self._other, None
            other.close()

    @contextmanager
    def _opened(self, wanted: Wanted) -> Iterator[Live]:
        """Open a lab, and end it unless it is to stay."""
        detached = wanted.runtime in runtimes.STANDING and self.settings.keep != NEVER
        with ExitStack() as last:
            lab = self._enter(last, wanted, detached)
            if detached:
                last.callback(self._end_or_leave, lab.run)
            yield lab

    def _enter(self, stack: ExitStack, wanted: Wanted, detached: bool) -> Live:
        its = stack.enter_context(self._runtime(wanted))
        opened: AbstractContextManager[Live] = labs.up(
            wanted.scenario,
            runtime=its,
            set=dict(wanted.set),
            seed=wanted.seed,
            observe=wanted.observe,
            runs=self.settings.runs,
            environment=self.settings.environment,
            detach=detached,
        )
        with self._asking(its):
            return stack.enter_context(opened)

    def _end_or_leave(self, run: str) -> None:
        if self.settings.keep == ALWAYS or run in self._failed:
            self.staying.append(run)
        else:
            labs.down(run, environment=self.settings.environment)

    @contextmanager
    def _reused(self) -> Iterator[Live]:
        """Open a lab that is reused, or one that ends with the session while others have all of these."""
        with ExitStack() as held:
            remembered = self._chosen(held)
            if remembered is None:
                _LOG.warning(
                    "another session uses the lab that is reused, so this session opens a lab that does not stay"
                )
            opening = self._opened(self.settings.usual) if remembered is None else self._left(remembered)
            with opening as live:
                yield live

    def _chosen(self, held: ExitStack) -> Remembered | None:
        """Return what is known of a lab that no other session has: first of a lab that can be reused; hold its lock.

        One worker chooses at a time: a lock that is held to read what is known is no lab in use.
        """
        of = self._digest(self.settings.usual)
        with _held(self._remembered[0].lock.with_name("choice.lock"), wait=True):
            for fit in (True, False):
                for remembered in self._remembered:
                    with ExitStack() as looking:
                        if looking.enter_context(_held(remembered.lock)) and (not fit or _fits(remembered.get(), of)):
                            held.enter_context(looking.pop_all())
                            return remembered
        return None

    @contextmanager
    def _left(self, remembered: Remembered) -> Iterator[Live]:
        """Reach the lab that an earlier session has left, or open one; it stays."""
        wanted, environment = self.settings.usual, self.settings.environment
        of = self._digest(wanted)
        with ExitStack() as last:
            found: Live | None = None
            if "run" in (known := remembered.get()):
                with self._asking(last.enter_context(self._runtime(wanted))):
                    found = self._found(last, known, of)
            lab = found or self._enter(last, wanted, detached=True)
            remembered.set({"run": lab.run, "of": of, "left": "in use"})
            yield lab
            if not (self.usual.spoilt or self.usual.touched):
                remembered.set({"run": lab.run, "of": of, "left": "clean", "steps": str(self.usual.steps)})
                self.staying.append(lab.run)
            else:
                with suppress(InputError):  # it has ended meanwhile
                    labs.down(lab.run, environment=environment)

    def _found(self, stack: ExitStack, known: Mapping[str, str], of: str) -> Live | None:
        """Reach the lab that an earlier session has left, if it is as it was declared; else end it, and return None."""
        environment = self.settings.environment
        with suppress(InputError):  # it has ended meanwhile
            if _fits(known, of):
                with ExitStack() as attached:
                    lab = attached.enter_context(labs.attach(known["run"], environment=environment))
                    if known.get("steps") == str(lab.history.file.last_step()):  # verbs and clients' messages have some
                        stack.enter_context(attached.pop_all())
                        return lab
                    _LOG.warning("lab %s is renewed: it has changed since the last session", lab.run)
            labs.down(known["run"], environment=environment)
        return None

    def _digest(self, wanted: Wanted) -> str:
        """Return a digest that differs between labs that are not declared alike."""
        found = plan_named(wanted.scenario, self.settings.environment, seed=wanted.seed, set=dict(wanted.set))
        text = json.dumps([__version__, found.plan.to_dict()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _runtime(self, wanted: Wanted) -> Runtime:
        return runtimes.runtime(wanted.runtime, self.settings.environment)

    @contextmanager
    def _asking(self, runtime: Runtime) -> Iterator[None]:
        """Raise NoEngine if the engine of a runtime has not answered in this session; it is not asked again then."""
        if runtime.name in self._unreachable:
            raise self._unreachable[runtime.name]
        try:
            yield
        except HostError as error:
            if (explained := self._explained(error, runtime)) is error:
                raise
            raise explained from error
        self._answered.add(runtime.name)

    def _notes(self) -> Path:
        """Return the folder of notes; where there can be none, one that has none."""
        try:
            return note_folder(self.settings.environment)
        except HostError:
            return self.settings.runs

    def _explained(self, error: HostError, runtime: Runtime) -> HostError:
        """Return the error, or NoEngine if the engine has never answered: something else may be wrong first."""
        if runtime.name not in self._answered:
            try:
                runtime.open_labs(self._notes())  # an engine that it has reached is not asked again
            except NoEngine as why:
                self._unreachable[runtime.name] = why
                return why
            except HostError as why:
                return why
            self._answered.add(runtime.name)
        if isinstance(error, NoEngine):
            return HostError(
                f"the Docker engine does not answer any more: {error.what}",
                f"{error.remedy}\nonce it answers, remove the remains of labs: mqlab sweep",
            )
        return error


def _fits(known: Mapping[str, str], digest: str) -> bool:
    """Return whether a lab was left as it was declared, by a session that wanted the same lab."""
    return known.get("of") == digest and known.get("left") == "clean"


@contextmanager
def _held(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a file's lock for the block, if no other session has it, or wait for it; return whether it is held."""
    descriptor, ours = os.open(path, os.O_RDWR | os.O_CREAT, 0o600), False
    try:
        with suppress(BlockingIOError):
            lock(descriptor, wait=wait)
            ours = True
        yield ours
    finally:
        os.close(descriptor)
