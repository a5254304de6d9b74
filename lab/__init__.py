"""mqlab: rehearse a cross-region Amazon MQ (ActiveMQ Classic) network on one computer.

    from lab import InputError, labs

The public API is named here, and loaded when it is first used; docs/python.md describes it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lab.base.version import __version__

if TYPE_CHECKING:
    from lab import errors, labs
    from lab.declare.in_code import delivered
    from lab.errors import BrokerError, HostError, InputError, LabError, LabTimeout, PlanError, Problem
    from lab.extras.vary import sweeps as vary
    from lab.labs import Ran
    from lab.live import Live
    from lab.progress import Told
else:  # a name that is not there is told by a type checker too

    def __getattr__(name: str) -> Any:
        """Return a public name, from the module that it is in."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
        return found if name in ("errors", "labs", "vary") else getattr(found, name)


__all__ = [
    "BrokerError",
    "HostError",
    "InputError",
    "LabError",
    "LabTimeout",
    "Live",
    "PlanError",
    "Problem",
    "Ran",
    "Told",
    "__version__",
    "delivered",
    "errors",
    "labs",
    "vary",
]
_MODULES = {
    "Live": "live", "Ran": "labs", "Told": "progress", "delivered": "declare.in_code", "errors": "errors",
    "labs": "labs", "vary": "extras.vary.sweeps",
}  # fmt: skip


def __dir__() -> list[str]:
    """Return the public names, those too that are not loaded yet."""
    return __all__
