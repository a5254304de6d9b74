"""A pytest session's own labs, and the outcome of tests that have no lab for want of an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lab.pytest_plugin.session_labs import SessionLabs

RUNTIMES = ("emulation", "simulation")
LABS = pytest.StashKey["SessionLabs"]()  # of a session's config
RUN_REPORT = pytest.StashKey[str]()  # of a scenario's test: what its report says of the run, if it fails
_NO_ENGINE = "NoEngine"  # a class that is loaded when the first lab is asked for


class or_skip:  # noqa: N801 (read as a word before a block)
    """A context in which a missing engine skips the test, with the reason in one line, or fails it."""

    def __init__(self, config: pytest.Config) -> None:
        self._required = bool(config.getoption("mqlab_require_docker"))

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or kind is None or kind.__name__ != _NO_ENGINE:
            return
        if self._required:
            pytest.fail(f"--mqlab-require-docker: {error}", pytrace=False)
        pytest.skip(f"{str(error).splitlines()[0]} (--mqlab-runtime simulation needs none)")


def is_for_want_of_an_engine(error: BaseException) -> bool:
    """Return whether an exception is the one with which `or_skip` skips a test."""
    return isinstance(error, pytest.skip.Exception) and type(error.__context__).__name__ == _NO_ENGINE


@contextmanager
def words_alone() -> Iterator[None]:
    """Report an error that mqlab explains by its words alone, such as a mistake in a mark, or a full disk.

    Pytest would show the code that found it, and the arguments there, the process's environment among them.
    """
    try:
        yield
    except Exception as error:
        from lab.errors import LabError

        if isinstance(error, LabError | pytest.UsageError):
            raise pytest.fail.Exception(words(error), pytrace=False) from None
        raise


def words(error: BaseException) -> str:
    """Return an error's words, and those that were noted on it, as of a lab that could not be closed after it."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def labs_of(config: pytest.Config) -> SessionLabs:
    """Return the labs of a session, made when the first one is asked for."""
    if (known := config.stash.get(LABS, None)) is not None:
        return known
    from lab.pytest_plugin.session_labs import SessionLabs
    from lab.pytest_plugin.wanted import Settings, Wanted
    from lab.report.run_folder import home

    named = str(config.getini("mqlab_topology"))
    path = config.rootpath / named
    settings = Settings(
        usual=Wanted(scenario=str(path) if path.is_file() else named, runtime=runtime_of(config)),
        runs=config.invocation_params.dir / home(os.environ),
        environment=os.environ,
        keep=config.getoption("mqlab_keep"),
        reuse=config.getoption("mqlab_reuse"),
    )
    made = config.stash[LABS] = SessionLabs(settings, _cached(config) if settings.reuse else ())
    return made


def _cached(config: pytest.Config) -> tuple[_Cached, ...]:
    """Return what pytest's cache keeps of the labs that are reused: of as many as there are workers."""
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    return tuple(_Cached(config, name) for name in ("main", *(f"worker-{number}" for number in range(2, workers + 1))))


class _Cached:
    """What pytest's cache keeps of a lab that is reused, whichever worker has it."""

    def __init__(self, config: pytest.Config, name: str) -> None:
        self._name = name
        self._cache, self._key = config.cache, f"mqlab/{name}"
        assert self._cache is not None  # else the option is refused

    @property
    def lock(self) -> Path:
        assert self._cache is not None
        return self._cache.mkdir("mqlab") / f"{self._name}.lock"

    def get(self) -> dict[str, str]:
        assert self._cache is not None
        known = self._cache.get(self._key, {})
        return known if isinstance(known, dict) else {}

    def set(self, known: dict[str, str]) -> None:
        assert self._cache is not None
        self._cache.set(self._key, known)


def runtime_of(config: pytest.Config) -> str:
    """Return the name of the runtime that labs have where a test names none."""
    from lab.base.settings import RUNTIME  # here, since most sessions open no lab

    return str(config.getoption("mqlab_runtime") or RUNTIME.in_force(os.environ))
