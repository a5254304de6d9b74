"""The console of commands: all texts are shown as they are, also untrusted ones."""

from __future__ import annotations

import sys
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from lab.base.printable import plain


class PlainConsole(Console):
    """A console whose texts cannot control the terminal; only its own markup can.

    A character that the file's encoding lacks becomes a question mark, so that the rest is printed.
    """

    def __init__(self, file: TextIO) -> None:
        # With other handlers the file knows itself what to do with such a sign; these two know of surrogates alone.
        strict = (file.errors or "strict") in ("strict", "surrogateescape", "surrogatepass")
        super().__init__(file=cast(TextIO, _Encodable(file)) if strict else file, highlight=False, emoji=False)
        self._of_results = file is sys.stdout

    def render_str(self, text: str, **how: Any) -> Text:
        """Return the visible form of a text; rich calls this for every string."""
        return super().render_str(plain(text), **how)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError if the reader of stdout has gone; rich alone would end the command with code 1."""
        if self._of_results:
            raise BrokenPipeError
        super().on_broken_pipe()


class _Encodable:
    """A file that gets a question mark for each character that its encoding lacks."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        """Write a text, with a question mark for each character that the encoding lacks."""
        encoding = self._file.encoding or "utf-8"
        return self._file.write(text.encode(encoding, "replace").decode(encoding))
