"""Amazon MQ's quotas for ActiveMQ brokers.

Source: https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/amazon-mq-limits.html
"""

from __future__ import annotations

BROKERS_PER_REGION = 200
USERS_PER_BROKER = 250
GROUPS_PER_USER = 20
CONFIGURATIONS_PER_REGION = 1000
REVISIONS_PER_CONFIGURATION = 300
CONNECTORS_PER_CONFIGURATION = 20
TAGS_PER_RESOURCE = 50
CONNECTIONS_PER_PROTOCOL = 2000  # of a large broker
