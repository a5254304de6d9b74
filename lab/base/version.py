"""The version of mqlab."""

__version__ = "0.1.0"
