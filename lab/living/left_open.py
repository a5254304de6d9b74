"""A lab that is still open as the interpreter ends: it is closed then, while the modules that it needs still exist."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from lab.errors import LabError

LEFT_OPEN = (
    "lab {run} is still open as the program ends, and is removed now; if parts of the lab stay: mqlab sweep {run}"
)


class ClosedAtExit(ExitStack):
    """An ExitStack that is closed as the interpreter ends, if it is still open then.

    A block that is left open would be unwound later, as its generator is thrown away, when nothing can be relied on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._late, self._process = False, os.getpid()
        self._warn: Callable[[str], None] = lambda what: None
        self._message = ""

    def tells(self, warn: Callable[[str], None], message: str) -> None:
        """Set the warning to show if the interpreter ends first; errors in closing are shown too."""
        self._warn, self._message = warn, message

    def __enter__(self) -> Self:
        atexit.register(self._end)
        return super().__enter__()

    def __exit__(self, *error: object) -> bool:
        if self._late:  # its parts are closed, and much of the interpreter is gone
            return False
        atexit.unregister(self._end)
        return bool(super().__exit__(*error))  # type: ignore[arg-type]  # handed on as they came

    def _end(self) -> None:
        if os.getpid() != self._process:
            return  # forked: the lab is its parent's
        if self._message:
            self._warn(self._message)
        try:
            super().__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001 (the interpreter would print a traceback and no remedy)
            self._warn(str(error) if isinstance(error, LabError | OSError) else f"it was not closed: {error!r}")
        finally:
            self._late = True
