"""Reading a history that is still being written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lab.base.text_files import open_file
from lab.base.whole_lines import PORTION
from lab.errors import InputError
from lab.history.observation import Ended, Header, Observation
from lab.history.reading import first, parsed


class Follower:
    """Reads the new lines of a history at each call, also after old lines were removed from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = self._opened()
        self.header: Header = first(path, self._file)
        self._place = self._file.tell()  # the offset up to which lines were read
        self._last = b""  # the line before it
        self._number = 1
        self.ended = False

    def new(self) -> Iterator[Observation]:
        """Yield the observations since the last call; an incomplete line comes later.

        Raise InputError, after the last of them, if the file was removed.
        """
        while True:
            there = self._stat()
            moved = there is not None and not os.path.samestat(os.fstat(self._file.fileno()), there)
            for observation in parsed(self.path, self._whole(), self._number + 1):
                self.ended |= isinstance(observation, Ended)
                yield observation
            if there is None and not self.ended:
                raise InputError.of(f"{self.path} was removed while it was read", "it is shown up to its last line")
            if not moved:  # else the old file has been read to its end, and another one is in its place
                return
            self._file.close()
            self._file = self._opened()
            self._find()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _opened(self) -> BinaryIO:
        return open_file(self.path, str(self.path))

    def _stat(self) -> os.stat_result | None:
        try:
            return self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _whole(self) -> Iterator[bytes]:
        """Yield portions of whole lines, from the place reached so far."""
        rest = b""
        self._file.seek(self._place)
        while octets := self._file.read(PORTION):
            octets = rest + octets
            end = octets.rfind(b"\n") + 1
            whole, rest = octets[:end], octets[end:]
            if whole:
                self._place += end
                self._last = whole[whole.rfind(b"\n", 0, -1) + 1 :]
                yield whole
                self._number += whole.count(b"\n")

    def _find(self) -> None:
        """Find the place after the last line that was read; the newest lines always stay."""
        place = 0
        for number, octets in enumerate(self._file, 1):
            place += len(octets)
            if octets == self._last or not self._last:  # only the header was there
                self._place, self._number = place, number
                return
        raise InputError.of(
            f"{self.path} was replaced while it was read", "run the command again: it is another history now"
        )
