"""The names of the doctor's checks; errors with a cause in the machine refer to them."""

from __future__ import annotations

ENGINE = "Docker engine"
SSH = "ssh"
IMAGES = "images"
# What is tried, in this order.
NETWORKS = "networks"
ROUTER = "router"
ROUTE = "default route"
LINK = "link"
FORWARDING = "forwarding"
PORTS = "published ports"
AWS_PORTS = "ports of AWS"  # tried last, and no lab needs them
TRIED = (NETWORKS, ROUTER, ROUTE, LINK, FORWARDING, PORTS)


def without(remedy: str) -> str:
    """Return a remedy without the texts of `see`, for the doctor itself."""
    lines = (line.partition(see(""))[0].rstrip() for line in remedy.splitlines())
    return "\n".join(line for line in lines if line)


def see(check: str) -> str:
    """Return the remedy's line with the doctor's check for this failure."""
    return f"mqlab doctor has a check for it: {check}"
