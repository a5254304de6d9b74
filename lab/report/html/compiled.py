"""Compiled templates, kept as Python keeps compiled modules: in `__pycache__` beside them, where it may write there.

To compile a page's templates takes an eighth of a short run. What was compiled from another text, or by another Jinja
or Python, is compiled anew.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from pickle import PickleError
from threading import get_ident

import jinja2
from jinja2.bccache import Bucket


class CompiledTemplates(jinja2.BytecodeCache):
    """The compiled templates of environments with equal settings; of no others, whose compiled templates differ."""

    def __init__(self, settings: str, *, writes: bool = not sys.dont_write_bytecode) -> None:
        self._made_by, self._writes = f"Jinja {jinja2.__version__}, {settings}", writes

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the path of a template's compiled form."""
        file = filename or name
        return str(Path(cache_from_source(file)).with_suffix(Path(file).suffix))

    def get_source_checksum(self, source: str) -> str:
        """Return a checksum of all that a compiled template is made from."""
        return str(super().get_source_checksum(f"{self._made_by}\n{source}"))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if there is a file for it."""
        try:
            with Path(bucket.key).open("rb") as file:
                bucket.load_bytecode(file)
        except (OSError, EOFError, PickleError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write what the bucket has; where nothing can be written, each process compiles."""
        if not self._writes:
            return
        file = Path(bucket.key)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.{get_ident()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(bucket.bytecode_to_string())
            unfinished.replace(file)
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
