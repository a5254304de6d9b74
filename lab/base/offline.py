"""Offline: the only decision whether the lab may download something."""

from __future__ import annotations

from collections.abc import Mapping

from lab.base import settings
from lab.errors import HostError, InputError

_WORDS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}


def is_offline(environment: Mapping[str, str]) -> bool:
    """Return whether downloads are refused; raise InputError if MQLAB_OFFLINE is neither yes nor no."""
    name, text = settings.OFFLINE.name, settings.OFFLINE.get(environment)
    if (offline := _WORDS.get(text.strip().lower())) is None:
        raise InputError.of(f"{name}: {text!r} is neither yes nor no", f"write {name}=yes, or {name}=no")
    return offline


def refuse_offline(environment: Mapping[str, str], download: str, remedy: str) -> None:
    """Raise HostError with the name of a download and the way without it, if downloads are refused."""
    if is_offline(environment):
        raise HostError(
            f"{settings.OFFLINE.name}: the download of {download} is refused",
            f"{remedy}\nor leave out --offline and {settings.OFFLINE.name}",
        )
