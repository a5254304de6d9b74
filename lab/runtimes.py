"""The runtimes by name: the one module that knows all of them."""

from __future__ import annotations

from collections.abc import Mapping

from lab.errors import InputError
from lab.runtime.runtime import Runtime

USUAL = "emulation"


def runtime(name: str, environment: Mapping[str, str]) -> Runtime:
    """Return the runtime of a name, for the machine that an environment describes; InputError for an unknown name."""
    if name == "emulation":
        from lab.emulation.runtime import Emulation  # here, since loading docker takes long

        return Emulation(environment)
    raise InputError.of(f'no runtime named "{name}"', f"there is: {USUAL}")
