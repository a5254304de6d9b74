"""An open lab, by the name that programs know it by; `lab.living` has its verbs."""

from lab.living.service import Live

__all__ = ["Live"]
