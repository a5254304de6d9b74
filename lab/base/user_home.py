"""The user's home folder, which a user without an account, as in many containers, may not have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def user_home(environment: Mapping[str, str], of_account: Callable[[], Path] = Path.home) -> Path | None:
    """Return the home folder that HOME of an environment names, or else the account's; None if there is neither.

    A HOME that is empty names none, and no account is asked.
    """
    named = environment.get("HOME")
    if named is not None:
        return Path(named) if named else None
    try:
        return of_account()
    except RuntimeError:
        return None


@contextmanager
def empty_home_if_none() -> Iterator[None]:
    """Have libraries find a home folder with nothing in it for the block, where this process has none at all.

    Some ask for one as they are loaded, to look for settings that need not be there.
    """
    if user_home(os.environ) is not None or "HOME" in os.environ:
        yield
        return
    os.environ["HOME"] = os.devnull
    try:
        yield
    finally:
        del os.environ["HOME"]
