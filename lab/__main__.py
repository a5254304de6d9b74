"""The command line's door: while it loads, nothing is open, and Ctrl-C ends the program at once and without a word."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Load the command line, and run it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed, as by `>&-`: nobody reads it
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    signal.signal(signal.SIGINT, _leave)  # an exception would end as a traceback, wherever it was in loading
    from lab.cli import main as command_line

    command_line()


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
