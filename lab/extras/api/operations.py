"""The tables of all operations, by the name that signatures have for a service."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api import sts
from lab.extras.api.ec2 import operations as ec2
from lab.extras.api.handler import Handler
from lab.extras.api.mq import operations as mq

OPERATIONS: Mapping[str, Mapping[str, Handler]] = {
    "ec2": ec2.OPERATIONS,
    "mq": mq.OPERATIONS,
    "sts": sts.OPERATIONS,
}
