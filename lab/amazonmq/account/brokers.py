"""The service's verbs on brokers, as functions Account → Account.

A reboot has a beginning and an end, as in the service; in between the broker is REBOOT_IN_PROGRESS, and really down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from lab.activemq.releases import numbers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerRecord, BrokerState
from lab.amazonmq.account.configurations import create_configuration, update_configuration
from lab.amazonmq.account.maintenance import DEFAULT_WINDOW, Window
from lab.amazonmq.account.refusals import bad_request, conflict
from lab.amazonmq.account.user_record import UserRecord, UserSetting
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.amazonmq.identity import BrokerIdentity, UserIdentity
from lab.amazonmq.names import check_broker_name

SECURITY_GROUPS_PER_BROKER = 5


def own_configuration(broker: str) -> str:
    """Return the name of the configuration that is made with a broker; the lab's own choice."""
    return f"{broker}-configuration"


def free_configuration(account: Account, broker: str) -> str:
    """Return the name of a new broker's configuration; that of an earlier broker of the same name has stayed."""
    taken, name = {each.name for each in account.configurations}, own_configuration(broker)
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


def create_broker(
    account: Account,
    *,
    name: str,
    broker_id: str,
    engine_version: str,
    users: Sequence[UserIdentity],
    at: datetime,
    file: str = "",
    text: str | None = None,
    security_groups: Sequence[str] = (),
    deployment_mode: str = "SINGLE_INSTANCE",
    public: bool = True,
    window: Window = DEFAULT_WINDOW,
    configuration: AppliedRevision | None = None,
    own: str = "",
) -> Account:
    """Return the account with a broker and its configuration: revision 1 the default, revision 2 the text, if any.

    The configuration is called `own`, or as the broker. A broker with a given one gets no other. The broker is
    CREATION_IN_PROGRESS until `broker_created`. Its users' passwords get the next numbers, in order.
    """
    if reason := check_broker_name(name):
        raise bad_request(reason)
    if any(each.name == name for each in account.brokers):
        raise conflict(f"a broker named {name} exists already", "choose another name")
    after = account
    if configuration is None:
        own = own or own_configuration(name)
        after = create_configuration(account, own, engine_version, at)
        if text is not None:
            after = update_configuration(after, own, text.encode(), at, description=file, file=file).account
        configuration = AppliedRevision(configuration=own, revision=after.configuration(own).latest.number)
    numbered = enumerate(users, account.passwords + 1)
    record = BrokerRecord(
        name=name,
        broker_id=broker_id,
        engine_version=engine_version,
        created=at,
        current=configuration,
        users=tuple(
            UserRecord(
                name=user.name,
                current=UserSetting(groups=user.groups, console_access=user.console_access, password=number),
            )
            for number, user in numbered
        ),
        state=BrokerState.CREATION_IN_PROGRESS,
        deployment_mode=deployment_mode,
        public=public,
        security_groups=_groups(security_groups),
        window=window,
    )
    return replace(after.with_broker(record), passwords=account.passwords + len(users))


def open_broker(account: Account, identity: BrokerIdentity, at: datetime, *, file: str, text: str | None) -> Account:
    """Return the account with a running broker that a lab opens with; `text` is its configuration, None the default."""
    made = create_broker(
        account,
        name=identity.name,
        broker_id=identity.broker_id,
        engine_version=identity.engine_version,
        users=identity.users,
        at=at,
        file=file,
        text=text,
        deployment_mode=str(identity.deployment_mode),
    )
    return broker_created(made, identity.name)


def set_aside(account: Account, names: Collection[str]) -> Account:
    """Return the account with brokers, and their configurations, kept for `begin_creation`."""
    later = tuple(
        (each, account.configuration(each.current.configuration)) for each in account.brokers if each.name in names
    )
    kept = {configuration.name for _, configuration in later}
    return replace(
        account,
        brokers=tuple(each for each in account.brokers if each.name not in names),
        configurations=tuple(each for each in account.configurations if each.name not in kept),
        later=(*account.later, *later),
    )


def begin_creation(account: Account, name: str, at: datetime) -> Account:
    """Return the account with a broker that was set aside in CREATION_IN_PROGRESS; its configuration comes with it."""
    if any(name in (each.name, each.broker_id) for each in account.brokers):
        raise conflict(f"a broker named {name} exists already", still_to_be_created(account))
    for record, configuration in account.later:
        if name in (record.name, record.broker_id):
            made = replace(record, state=BrokerState.CREATION_IN_PROGRESS, created=at)
            left = tuple(each for each in account.later if each[0] is not record)
            return replace(account.with_configuration(configuration).with_broker(made), later=left)
    raise conflict(f"the lab has no broker {name} that is still to be created", still_to_be_created(account))


def still_to_be_created(account: Account) -> str:
    """Return in words which brokers are set aside."""
    names = ", ".join(record.name for record, _ in account.later)
    return f"still to be created: {names or 'none; a topology declares such a broker with later: yes'}"


def broker_created(account: Account, name: str) -> Account:
    """Return the account with a broker's creation ended: it is RUNNING."""
    return _with_state(account, name, BrokerState.RUNNING)


def creation_failed(account: Account, name: str) -> Account:
    """Return the account with a broker's creation failed: all that is left is to delete it."""
    return _with_state(account, name, BrokerState.CREATION_FAILED)


def update_broker(
    account: Account,
    name: str,
    *,
    configuration: str | None = None,
    revision: int | None = None,
    security_groups: Sequence[str] | None = None,
    engine_version: str | None = None,
    window: Window | None = None,
) -> Account:
    """Return the account with a revision, groups or an engine pending until a reboot; a window is set at once.

    `revision` None means the configuration's latest, `configuration` None the one that the broker has.
    """
    record = account.broker(name)
    _check_running(record, "update")
    if engine_version is not None:
        if numbers(engine_version) < numbers(record.engine_version):
            right = f"create another broker with engine version {engine_version}"
            older = (
                f"{record.name} has engine version {record.engine_version}, and Amazon MQ does not downgrade brokers"
            )
            raise bad_request(older, right, attribute="engineVersion")
        pending = "" if engine_version == record.engine_version else engine_version
        record = replace(record, pending_engine_version=pending)
    if configuration is not None or revision is not None:
        record = replace(record, pending=_pending_revision(account, record, configuration, revision))
    if security_groups is not None:
        groups = _groups(security_groups)
        record = replace(record, pending_security_groups=None if groups == record.security_groups else groups)
    if window is not None:
        record = replace(record, window=window)
    return account.with_broker(record)


def roll_back(account: Account, name: str) -> Account:
    """Return the account with a broker's previous revision pending, as the console's roll back makes it."""
    record = account.broker(name)
    _check_running(record, "roll back")
    if not record.history:
        raise bad_request(f"{name} has had only {record.current}", "update the broker with another revision")
    return account.with_broker(replace(record, pending=record.history[-1]))


def begin_reboot(account: Account, name: str) -> Account:
    """Return the account with a broker in REBOOT_IN_PROGRESS; pending changes are not applied yet (see `applied`)."""
    record = account.broker(name)
    _check_running(record, "reboot")
    return account.with_broker(replace(record, state=BrokerState.REBOOT_IN_PROGRESS, due=False))


def applied(account: Account, name: str) -> Account:
    """Return the account with the pending changes of a broker applied; raise InputError if it is not rebooting."""
    record = account.broker(name)
    if record.state is not BrokerState.REBOOT_IN_PROGRESS:
        raise conflict(f"{name} is {record.state}: only a reboot applies pending changes")
    return account.with_broker(record.applied())


def finish_reboot(account: Account, name: str) -> Account:
    """Return the account with a broker's reboot ended: it is RUNNING."""
    return _with_state(account, name, BrokerState.RUNNING)


def delete_broker(account: Account, name: str) -> Account:
    """Return the account with a broker in DELETION_IN_PROGRESS, whatever its state was."""
    return _with_state(account, name, BrokerState.DELETION_IN_PROGRESS)


def broker_deleted(account: Account, name: str) -> Account:
    """Return the account without a broker; its configuration stays."""
    found = account.broker(name).name
    return replace(account, brokers=tuple(each for each in account.brokers if each.name != found))


def _with_state(account: Account, name: str, state: BrokerState) -> Account:
    return account.with_broker(replace(account.broker(name), state=state))


def _check_running(record: BrokerRecord, verb: str) -> None:
    if record.state is not BrokerState.RUNNING:
        right = "delete it" if record.state is BrokerState.CREATION_FAILED else "wait until it is RUNNING"
        raise conflict(f"{record.name} is {record.state}, so there is nothing to {verb}", right)


def _pending_revision(
    account: Account, record: BrokerRecord, configuration: str | None, revision: int | None
) -> AppliedRevision | None:
    """Return the revision that becomes pending, or None if the broker has it already."""
    found = account.configuration(configuration or record.current.configuration)
    number = found.latest.number if revision is None else found.revision(revision).number
    version = record.pending_engine_version or record.engine_version
    if _engine(found.engine_version) != _engine(version):
        raise bad_request(
            f"the configuration {found.name} is for engine version {found.engine_version}, "
            f"and {record.name} has {version}",
            "create a configuration for the broker's engine version",
            attribute="configuration",
        )
    chosen = AppliedRevision(configuration=found.name, revision=number)
    return None if chosen == record.current else chosen


def _engine(version: str) -> str:
    found = permitted(version)
    return version if found is None else found.engine


def _groups(groups: Sequence[str]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(groups))
    if len(unique) > SECURITY_GROUPS_PER_BROKER:
        raise bad_request(
            f"{len(unique)} security groups: Amazon MQ takes at most {SECURITY_GROUPS_PER_BROKER} for a broker",
            attribute="security-groups",
        )
    return unique
