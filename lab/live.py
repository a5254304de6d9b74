"""The public name of an open lab, `Live`; `lab.living` defines it."""

from lab.living.lab import Live

__all__ = ["Live"]
