"""The facts that AWS keeps of an account and the lab has no effect for: tags, types, flags, names per region."""

from __future__ import annotations

from dataclasses import field

from lab.base.dataclass import dataclass
from lab.extras.api.ec2.ec2_records import Ec2Records
from lab.extras.api.mq.mq_records import MqRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of each service, beside Control; a frozen value that is saved with it."""

    mq: MqRecords = field(default_factory=MqRecords)
    ec2: Ec2Records = field(default_factory=Ec2Records)
