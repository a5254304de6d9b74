"""The end of a command whose standard output cannot be written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PIPE_CLOSED = 141  # as a program that SIGPIPE ends


def reader_left() -> int:
    """Drop the rest of the output for a reader that has gone, and return the exit code."""
    for each in (sys.stdout, sys.stderr):
        try:
            each.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), each.fileno())  # for what is buffered still
    return PIPE_CLOSED


@contextmanager
def as_far_as_it_takes_it() -> Iterator[None]:
    """Ignore errors of output in the block, such as a full disk; a reader that has gone raises BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass  # what is told on stderr says why
