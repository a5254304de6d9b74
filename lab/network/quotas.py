"""AWS's quotas for VPCs and their peerings.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from __future__ import annotations

VPCS_PER_REGION = 5  # AWS raises this quota on request
PEERINGS = 50  # active peerings of a VPC
MOST_PEERINGS = 125  # of a VPC: AWS grants so many on request
