"""The public name of the progress protocol, `Told`: any object with its methods can be handed in."""

from lab.runtime.progress import Told

__all__ = ["Told"]
