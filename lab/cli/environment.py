"""The environment variables that each command checks before it begins: misspelled names, and values of no sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.base.offline import is_offline
from lab.base.settings import SETTINGS, Reader, read_by
from lab.base.suggestions import nearest

_PREFIX = "MQLAB_"


def check_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that has nearly the name of a setting; raise InputError for a wrong value.

    Other variables of the prefix may be a scenario's passwords, which have any name.
    """
    is_offline(environment)
    known = {setting.name.removeprefix(_PREFIX) for setting in SETTINGS}
    own = [setting.name.removeprefix(_PREFIX) for setting in read_by(Reader.LAB) if setting.name.startswith(_PREFIX)]
    for name in sorted(environment):
        word = name.removeprefix(_PREFIX)
        if word == name or word in known or not known.isdisjoint(word.split("_")):
            continue
        if near := nearest(word, own, cutoff=0.8):
            yield f"unknown variable {name}: did you mean {_PREFIX}{near}?"
