"""The public name of the progress protocol, `Told`: an object with its methods is enough."""

from lab.runtime.progress import Told

__all__ = ["Told"]
