"""An executor of processes, one run in each: whose process dies, has its own error, and the others go on.

A pool of the standard library breaks as a whole when one of its processes dies, and does not say whose run it was.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import psutil

T = TypeVar("T")
_PRELOADED = ["lab.vary.one"]  # once, by the server that processes are forked from


class WorkerDiedError(Exception):
    """A process ended before it had a result."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(psutil.Process(), "cpu_affinity", None)  # where a system has it
    return len(affinity()) if affinity is not None else os.cpu_count() or 1


class Processes(Executor):
    """So many processes, begun when they are needed. What runs when it is shut down without waiting is killed."""

    def __init__(self, jobs: int) -> None:
        # A fork of this process would copy threads' locks; the server has none of them, and has loaded the models.
        served = "forkserver" in multiprocessing.get_all_start_methods()
        self._context: ForkServerContext | SpawnContext = (
            multiprocessing.get_context("forkserver") if served else multiprocessing.get_context("spawn")
        )
        self._context.set_forkserver_preload(_PRELOADED)
        self._asked: SimpleQueue[tuple[Future[Any], Any] | None] = SimpleQueue()
        self._ended = False
        self._lock = threading.Lock()
        self._running: set[BaseProcess] = set()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(jobs)]
        for each in self._threads:
            each.start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function in one of the processes; its error is WorkerDiedError if that dies."""
        if self._ended:
            raise RuntimeError("the executor was shut down")
        future: Future[T] = Future()
        self._asked.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes: with `wait` after what was submitted, else at once."""
        with self._lock:
            self._ended = True
            if not wait:
                for process in self._running:
                    process.kill()
        while cancel_futures or not wait:
            try:
                asked = self._asked.get_nowait()
            except Empty:
                break
            if asked is not None:
                asked[0].cancel()
        for _ in self._threads:
            self._asked.put(None)
        for each in self._threads:
            each.join()

    def __exit__(self, kind: object, *of: object) -> None:
        self.shutdown(wait=kind is None)

    def _serve(self) -> None:
        """Hand one work after the other to a process of this thread's own, and begin another one when it dies."""
        worker: _Worker | None = None
        try:
            while (asked := self._asked.get()) is not None:
                future, work = asked
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    if worker is None:
                        worker = self._begin()
                    done, result = worker.do(work)
                except WorkerDiedError as error:
                    self._end(worker)
                    worker = None
                    future.set_exception(error)
                except Exception as error:  # noqa: BLE001 (what cannot be pickled raises anything: it is the future's)
                    future.set_exception(error)
                else:
                    (future.set_result if done else future.set_exception)(result)
        finally:
            self._end(worker)

    def _begin(self) -> _Worker:
        with self._lock:
            if self._ended:
                raise WorkerDiedError("the executor was shut down")
            ours, its = self._context.Pipe()
            process = self._context.Process(target=_work, args=(its,), daemon=True)
            process.start()
            its.close()
            self._running.add(process)
            return _Worker(process, ours)

    def _end(self, worker: _Worker | None) -> None:
        if worker is not None:
            worker.pipe.close()  # an idle process ends by that
            worker.process.join()
            with self._lock:
                self._running.discard(worker.process)


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe

    def do(self, work: Any) -> tuple[bool, Any]:
        """Return whether a work was done, with its result, or else its error; raise WorkerDiedError."""
        try:
            self.pipe.send_bytes(pickle.dumps(work))
            wait([self.pipe, self.process.sentinel])
            found: tuple[bool, Any] = self.pipe.recv()  # what it sent before it died is its result
        except (EOFError, ConnectionError) as error:
            self.process.join()
            code = self.process.exitcode or 0
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
            raise WorkerDiedError(f"its process was {how}" if code < 0 else f"its process {how}") from error
        return found


def _work(pipe: Connection) -> None:
    """Do what comes over a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    while True:
        try:
            asked = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            fn, args, kwargs = pickle.loads(asked)
            answer = True, fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 (handed to whoever asked)
            answer = False, error
        try:
            pipe.send(answer)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 (an answer that cannot be pickled)
            pipe.send((False, RuntimeError(f"{type(error).__name__}: {error}")))
