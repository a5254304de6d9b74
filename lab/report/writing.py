"""Text → a file, at once: a reader sees the old file or the new one, never half of it."""

from __future__ import annotations

from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8; what UTF-8 cannot hold, half of a surrogate pair, is written as its escape."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(text.encode("utf-8", "backslashreplace"))
    unfinished.replace(path)
