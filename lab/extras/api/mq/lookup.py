"""Brokers, configurations and users by the ids of a request, in the call's region."""

from __future__ import annotations

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.revisions import SavedConfiguration
from lab.amazonmq.account.user_record import UserRecord
from lab.base.printable import shown
from lab.extras.api.call import Call
from lab.extras.api.mq.mq_records import BrokerFacts, ConfigurationFacts
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount


def bad_request(message: str, attribute: str = "") -> ApiRefused:
    """Return the refusal of a request that is invalid in itself."""
    return ApiRefused("BadRequestException", message, 400, attribute)


def conflict(message: str, attribute: str = "") -> ApiRefused:
    """Return the refusal of a request that does not fit the state of the account."""
    return ApiRefused("ConflictException", message, 409, attribute)


def not_found(kind: str, name: str, attribute: str) -> ApiRefused:
    """Return the refusal of a request that names something missing."""
    named = name if len(name) <= 100 else shown(name, 100)
    message = f"Can't find requested {kind} [{named}]. Make sure your {kind} exists."
    return ApiRefused("NotFoundException", message, 404, attribute)


def broker_of(account: ServedAccount, call: Call, broker_id: str) -> tuple[BrokerRecord, BrokerFacts]:
    """Return a broker's record and its facts."""
    facts = account.records.mq.brokers.get(broker_id)
    if facts is None or facts.region != call.region:
        raise not_found("broker", broker_id, "broker-id")
    return account.control.account.broker(broker_id), facts


def configuration_of(
    account: ServedAccount, call: Call, configuration_id: str, attribute: str = "configuration_id"
) -> tuple[SavedConfiguration, ConfigurationFacts]:
    """Return a configuration and its facts."""
    facts = account.records.mq.configurations.get(configuration_id)
    if facts is None or facts.region != call.region:
        raise not_found("configuration", configuration_id, attribute)
    return account.control.account.configuration(configuration_id), facts


def user_of(record: BrokerRecord, name: str) -> UserRecord:
    """Return a user of a broker."""
    for user in record.users:
        if user.name == name:
            return user
    raise not_found("user", name, "username")


def lab_name(account: Account, name: str, region: str) -> str:
    """Return the name in the account of a new broker: its name, with the region if another region has the name."""
    taken = {each.name for each in account.brokers}
    return name if name not in taken else f"{name}-{region}"


def lab_configuration_name(account: Account, name: str, region: str) -> str:
    """Return the name in the account of a new configuration, in the same way."""
    taken = {each.name for each in account.configurations}
    return name if name not in taken else f"{name}-{region}"


def arn(call: Call, kind: str, *names: str) -> str:
    """Return the ARN of a resource of Amazon MQ."""
    partition = "aws-cn" if call.region.startswith("cn-") else "aws-us-gov" if "-gov-" in call.region else "aws"
    return ":".join((f"arn:{partition}:mq:{call.region}:{call.account_id}:{kind}", *names))
