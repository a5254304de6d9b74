"""The table of Amazon MQ's operations."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api.handler import Handler
from lab.extras.api.mq import brokers, configurations, creation, instance_options, tags, users

OPERATIONS: Mapping[str, Handler] = {
    "CreateBroker": creation.create_broker,
    "CreateConfiguration": configurations.create_configuration,
    "CreateTags": tags.create_tags,
    "CreateUser": users.create_user,
    "DeleteBroker": brokers.delete_broker,
    "DeleteConfiguration": configurations.delete_configuration,
    "DeleteTags": tags.delete_tags,
    "DeleteUser": users.delete_user,
    "DescribeBroker": brokers.describe_broker,
    "DescribeBrokerEngineTypes": instance_options.describe_broker_engine_types,
    "DescribeBrokerInstanceOptions": instance_options.describe_broker_instance_options,
    "DescribeConfiguration": configurations.describe_configuration,
    "DescribeConfigurationRevision": configurations.describe_configuration_revision,
    "DescribeSharedResources": brokers.describe_shared_resources,
    "DescribeUser": users.describe_user,
    "ListBrokers": brokers.list_brokers,
    "ListConfigurationRevisions": configurations.list_configuration_revisions,
    "ListConfigurations": configurations.list_configurations,
    "ListTags": tags.list_tags,
    "ListUsers": users.list_users,
    "Promote": brokers.promote,
    "RebootBroker": brokers.reboot_broker,
    "UpdateBroker": brokers.update_broker,
    "UpdateConfiguration": configurations.update_configuration,
    "UpdateUser": users.update_user,
}
