"""AWS's quotas for VPCs, with the numbers that an account has before AWS raises one on request.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from __future__ import annotations

VPCS_PER_REGION = 5
SUBNETS_PER_VPC = 200
ROUTE_TABLES_PER_VPC = 200
ROUTES_PER_TABLE = 500  # 50 until June 2025
INTERNET_GATEWAYS_PER_REGION = 5
PEERINGS_PER_VPC = 50  # active ones
MOST_PEERINGS_PER_VPC = 125  # AWS raises the number of active ones to no more
PENDING_PEERINGS_PER_VPC = 25  # requests
SECURITY_GROUPS_PER_REGION = 2500
SECURITY_GROUPS_PER_INTERFACE = 5
RULES_PER_DIRECTION = 60  # of one security group
