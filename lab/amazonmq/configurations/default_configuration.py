"""The configuration that Amazon MQ makes for a broker without one."""

from __future__ import annotations

from importlib.resources import files

from lab.amazonmq.configurations.configuration import Configuration, read

FILE = "default-configuration.xml"


def default_configuration() -> Configuration:
    """Return the service's default configuration; its elements are the service's, its comments the lab's."""
    return read(files("lab.amazonmq.configurations").joinpath(FILE).read_bytes(), FILE)
