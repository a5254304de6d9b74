"""A Dask cluster as an executor. Dask is of the extra mqlab[sweeps], and touched here alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.base.version import __version__
from lab.errors import HostError, InputError

if TYPE_CHECKING:
    from distributed import Client

_ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d{1,5}")
_PATIENCE = 10.0  # seconds for a scheduler to answer


@contextmanager
def cluster(address: str, patience: float = _PATIENCE) -> Iterator[tuple[Executor, int]]:
    """Return an executor that sends runs to a scheduler's workers, and the number of their threads, for a block.

    Raise InputError if the text is not an address. Raise HostError if Dask is not installed here, if no scheduler
    answers, or if it has no workers. Raise HostError also if the workers have no mqlab, or another version of it, whose
    figures might differ.
    """
    if not _ADDRESS.fullmatch(address):
        raise InputError.of(f"--on {address} is not the address of a scheduler", "write tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError as error:
        raise HostError("Dask is not installed, which --on needs", "pip install 'mqlab[sweeps]'") from error
    try:
        client = Client(address, timeout=patience, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # a time-out is an OSError
        right = "check that the address is the one that dask scheduler prints, and that its version of Dask is the same"
        raise HostError(f"no Dask scheduler answers at {address}: {error}", right) from error
    with client:
        _check_workers(client, address)
        threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False), threads  # type: ignore[no-untyped-call]


def _check_workers(client: Client, address: str) -> None:
    """Raise HostError unless there are workers, each with this version of mqlab."""
    found = client.run(installed, on_error="return")
    if not found:
        raise HostError(
            f"the scheduler at {address} has no workers", f"start a worker: dask worker {address} --nthreads 1"
        )
    for worker, version in found.items():
        if version != __version__:
            has = "no mqlab" if isinstance(version, Exception) else f"mqlab {version}"
            raise HostError(
                f"the Dask worker {worker} has {has}, and this is mqlab {__version__}",
                f"run pip install 'mqlab[sweeps]=={__version__}' there, and start the worker again",
            )


def installed() -> str:
    """Return the version of mqlab that is installed where this is called."""
    return __version__
