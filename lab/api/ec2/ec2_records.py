"""The facts that EC2 keeps and the lab has no effect for."""

from __future__ import annotations

from lab.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Records:
    """The records of EC2."""
