"""The configuration that Amazon MQ gives a broker for which nobody wrote one."""

from __future__ import annotations

from importlib.resources import files

from lab.amazonmq.configurations.configuration import Configuration, read

FILE = "default-configuration.xml"


def default_configuration() -> Configuration:
    """Return the service's default; its active content is the service's, the comments are ours."""
    return read(files("lab.amazonmq.configurations").joinpath(FILE).read_bytes(), FILE)
