"""What is told how far a lab has come, by the name that programs know it by: any object with the methods of `Told`."""

from lab.runtime.progress import Told

__all__ = ["Told"]
