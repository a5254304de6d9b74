"""An open lab, by the name that programs know it by; `lab.living` has its verbs."""

from lab.living.lab import Live

__all__ = ["Live"]
