"""The console of commands: texts are shown as they are, whoever wrote them."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from lab.printable import plain


class PlainConsole(Console):
    """A console whose texts cannot control the terminal; only its own markup can."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file=file, highlight=False, emoji=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """Return what is shown of a text; rich calls this for every string."""
        return super().render_str(plain(text), **how)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError where the reader of stdout has gone: rich would end the command with 1."""
        if self.file is sys.stdout:
            raise BrokenPipeError
        super().on_broken_pipe()
