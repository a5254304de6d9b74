"""The service's verbs on configurations, as functions Account → Account."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.refusals import bad_request, conflict
from lab.amazonmq.account.revisions import create, save
from lab.amazonmq.configurations.sanitising import Removal
from lab.amazonmq.names import check_description
from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The result of an update: the account, the new revision's number, and the settings removed from the text."""

    account: Account
    revision: int
    removals: tuple[Removal, ...]


def create_configuration(account: Account, name: str, engine_version: str, at: datetime) -> Account:
    """Return the account with a new configuration, made from the service's default."""
    made = create(name, engine_version, at)
    if any(each.name == name for each in account.configurations):
        raise conflict(
            f"a configuration named {name} exists already", "choose another name, or update that configuration"
        )
    for broker, its in account.later:
        if its.name == name:
            what = f"{broker.name} is created later and will have a configuration named {name}"
            raise conflict(what, "choose another name for this configuration")
    return account.with_configuration(made)


def update_configuration(
    account: Account, name: str, text: bytes, at: datetime, *, description: str = "", file: str
) -> Updated:
    """Save a whole text as the next revision; no broker changes. Problems name `file` as their place."""
    if reason := check_description(description):
        raise bad_request(reason, attribute="description")
    saved = save(account.configuration(name), text, at, description=description, file=file)
    return Updated(
        account=account.with_configuration(saved.configuration),
        revision=saved.configuration.latest.number,
        removals=saved.sanitised.removals,
    )


def delete_configuration(account: Account, name: str) -> Account:
    """Return the account without a configuration; raise InputError if a broker has it, or has it pending."""
    found = account.configuration(name)
    for broker in account.brokers:
        if found.name in (broker.current.configuration, broker.pending and broker.pending.configuration):
            reason = f"the broker {broker.name} has the configuration {found.name}"
            raise conflict(reason, "delete the broker first, or give it another configuration")
    return replace(account, configurations=tuple(each for each in account.configurations if each != found))
