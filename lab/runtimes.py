"""The runtimes by their names: the one module above them that knows which there are."""

from __future__ import annotations

from collections.abc import Mapping

from lab.errors import InputError
from lab.runtime.runtime import Runtime

USUAL = "emulation"


def runtime(name: str, environment: Mapping[str, str]) -> Runtime:
    """Return a runtime, on the machine that an environment describes; InputError where there is none of that name."""
    if name == "emulation":
        from lab.emulation.runtime import Emulation  # here, since loading docker takes long

        return Emulation(environment)
    raise InputError.of(f'no runtime named "{name}"', f"there is: {USUAL}")
