"""An executor of processes, one run in each: a run whose process dies has its own error, and the others go on.

A pool of the standard library breaks as a whole when one of its processes dies, and does not name the run. It also runs
the program's own file again in each of them; these are processes of Python that get their work over a pipe.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from tempfile import TemporaryDirectory
from typing import IO, Any, TypeVar

import psutil

from lab.base.own_processes import OwnProcesses, how_ended

T = TypeVar("T")
_SIZE = 8  # bytes before each message, its length
# Ctrl-C is the parent's to answer, from the first moment on.
_CODE = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import pickle, sys; "
    "sys.path[:] = pickle.load(sys.stdin.buffer); from lab.extras.vary.processes import work; work(sys.argv[1])"
)


class WorkerDiedError(Exception):
    """A process ended before it had a result."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(psutil.Process(), "cpu_affinity", None)  # where a system has it
    return len(affinity()) if affinity is not None else os.cpu_count() or 1


class Processes(Executor):
    """An executor of processes, which are started when they are needed; not waiting for them kills them."""

    def __init__(self, jobs: int) -> None:
        self._threads = ThreadPoolExecutor(jobs)  # each waits for one process at a time
        self._processes = OwnProcesses()
        self._idle: list[_Worker] = []

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function in one of the processes; its error is WorkerDiedError if that dies."""
        return self._threads.submit(self._do, (fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes: with `wait` after the submitted functions, else at once."""
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures or not wait)
        if not wait:
            self._processes.end(kill=True)
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().end()

    def __exit__(self, kind: object, *_: object) -> None:
        self.shutdown(wait=kind is None)

    def _do(self, work: Any) -> Any:
        """Do one work in an idle process, or in a new one."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._processes)
        try:
            done, answer = worker.do(work)
        except WorkerDiedError:
            worker.end()
            raise
        except BaseException:  # the work cannot be pickled
            self._idle.append(worker)
            raise
        self._idle.append(worker)
        if not done:
            raise answer
        return answer


class _Worker:
    """One process, the pipes to and from it, and the folder of its temporary files, which goes with it."""

    def __init__(self, processes: OwnProcesses) -> None:
        self._folder = TemporaryDirectory(prefix="mqlab-vary-", ignore_cleanup_errors=True)
        self._processes = processes
        self.process = processes.start(
            [sys.executable, "-c", _CODE, self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)},
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._to, self._back = self.process.stdin, self.process.stdout
        self._first = pickle.dumps(sys.path)

    def do(self, work: Any) -> tuple[bool, Any]:
        """Return whether a work was done, with its result, or else its error; raise WorkerDiedError."""
        message = pickle.dumps(work)
        try:
            self._to.write(self._first)
            self._first = b""
            _send(self._to, message)
            answer = _receive(self._back)
        except (EOFError, OSError) as error:
            raise WorkerDiedError(f"its process {how_ended(self.process.wait())}") from error
        found: tuple[bool, Any] = pickle.loads(answer)
        return found

    def end(self) -> None:
        """Close the pipes, which ends an idle process. Wait for its end, and remove its temporary files."""
        for pipe in (self._to, self._back):
            try:
                pipe.close()
            except OSError:  # what was not written yet cannot be any more
                continue
        self.process.wait()
        self._processes.exited(self.process)
        self._folder.cleanup()


def work(folder: str) -> None:
    """Do the work that comes over standard input until it is closed; then remove the temporary files."""
    try:
        _work()
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # nobody else does if the parent was killed


def _work() -> None:
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is printed is no answer
    while True:
        try:
            message = _receive(asked)
        except (EOFError, OSError):
            return
        try:
            fn, args, kwargs = pickle.loads(message)
            answer = pickle.dumps((True, fn(*args, **kwargs)))
        except Exception as error:  # noqa: BLE001 (handed to the caller)
            try:
                answer = pickle.dumps((False, error))
            except Exception:  # noqa: BLE001 (an error that cannot be pickled)
                answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        try:
            _send(answers, answer)
        except OSError:
            return


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_SIZE, "big") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """Return the next message; raise EOFError if there is none, or not all of it."""
    head = pipe.read(_SIZE)
    message = pipe.read(int.from_bytes(head, "big")) if len(head) == _SIZE else b""
    if len(head) < _SIZE or len(message) < int.from_bytes(head, "big"):
        raise EOFError
    return message
