"""What is pending waits for a reboot, and a reboot applies all of it; the service refuses what cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lab.amazonmq.account.account import Account, move_clock
from lab.amazonmq.account.account_json import describe_broker, describe_configuration, list_revisions, used_by
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerState
from lab.amazonmq.account.brokers import (
    applied,
    begin_reboot,
    broker_deleted,
    create_broker,
    delete_broker,
    finish_reboot,
    roll_back,
    update_broker,
)
from lab.amazonmq.account.configurations import create_configuration, update_configuration
from lab.amazonmq.account.maintenance import window
from lab.amazonmq.configurations.configuration import LARGEST_TEXT_BYTES, NAMESPACE
from lab.amazonmq.quotas import REVISIONS_PER_CONFIGURATION
from lab.errors import InputError
from tests.amazonmq.account.accounts import NOON, TEXT, account

OWN = "tokyo-configuration"


def revision(number: int, configuration: str = OWN) -> AppliedRevision:
    return AppliedRevision(configuration=configuration, revision=number)


def rebooted(before: Account, broker: str = "tokyo") -> Account:
    return finish_reboot(applied(begin_reboot(before, broker), broker), broker)


def test_a_broker_begins_with_a_configuration_of_its_own() -> None:
    made = account()
    assert made.broker("tokyo").current == revision(2), "the default, then its file"
    assert made.broker("singapore").current == revision(1, "singapore-configuration")
    assert [each.description for each in made.configuration(OWN).revisions] == [
        "Auto-generated default for tokyo-configuration on ActiveMQ 5.18.4",
        "tokyo.xml",
    ]
    assert made.broker("tokyo").state is BrokerState.RUNNING
    assert (made.broker("tokyo").passwords, made.broker("singapore").passwords) == ({"testuser": 1}, {"testuser": 2})


def test_saving_a_revision_changes_no_broker() -> None:
    before = account()
    saved = update_configuration(before, OWN, TEXT.encode(), NOON, description="mine", file="x.xml")
    assert saved.revision == 3
    assert [each.attribute for each in saved.removals] == ["brokerName"]
    assert saved.account.brokers == before.brokers
    assert saved.account.configuration(OWN).latest.description == "mine"


def test_a_revision_is_pending_until_the_reboot_and_then_the_old_one_is_history() -> None:
    saved = update_configuration(account(), OWN, TEXT.encode(), NOON, file="x.xml").account
    pending = update_broker(saved, "tokyo", configuration=OWN)
    assert (pending.broker("tokyo").current, pending.broker("tokyo").pending) == (revision(2), revision(3))
    begun = begin_reboot(pending, "tokyo")
    assert begun.broker("tokyo").state == "REBOOT_IN_PROGRESS"
    assert begun.broker("tokyo").current == revision(2), "it applies while the broker is down"
    after = rebooted(pending).broker("tokyo")
    assert (after.current, after.pending, after.history) == (revision(3), None, (revision(2),))
    assert after.state == "RUNNING"
    assert rebooted(rebooted(pending)).broker("tokyo") == after, "a reboot with nothing pending changes nothing"


def test_one_configuration_serves_several_brokers() -> None:
    made = create_configuration(account(), "shared", "5.18", NOON)
    for broker in ("tokyo", "singapore"):
        made = rebooted(update_broker(made, broker, configuration="shared"), broker)
    assert used_by(made, made.configuration("shared")) == ("tokyo", "singapore")


def test_rolling_back_makes_the_last_revision_pending() -> None:
    saved = update_configuration(account(), OWN, TEXT.encode(), NOON, file="x.xml").account
    applied_once = rebooted(update_broker(saved, "tokyo", revision=3))
    back = roll_back(applied_once, "tokyo")
    assert back.broker("tokyo").pending == revision(2)
    assert back.broker("tokyo").current == revision(3)
    again = rebooted(back).broker("tokyo")
    assert (again.current, again.history) == (revision(2), (revision(2), revision(3)))


def test_what_a_broker_has_already_is_not_pending() -> None:
    saved = update_configuration(account(), OWN, TEXT.encode(), NOON, file="x.xml").account
    pending = update_broker(saved, "tokyo", revision=3)
    assert update_broker(pending, "tokyo", revision=2).broker("tokyo").pending is None


def test_the_list_of_security_groups_waits_and_the_window_does_not() -> None:
    made = update_broker(account(), "tokyo", security_groups=["sg-1"], window=window("sunday", "03:00", "Asia/Tokyo"))
    record = made.broker("tokyo")
    assert (record.security_groups, record.pending_security_groups) == ((), ("sg-1",))
    assert str(record.window) == "sunday 03:00 Asia/Tokyo"
    assert rebooted(made).broker("tokyo").security_groups == ("sg-1",)
    assert rebooted(made).broker("tokyo").pending_security_groups is None


def test_a_broker_is_described_with_the_services_keys() -> None:
    saved = update_configuration(account(), OWN, TEXT.encode(), NOON, file="x.xml").account
    found = describe_broker(update_broker(saved, "tokyo", configuration=OWN), "tokyo")
    own = saved.configuration(OWN).id
    assert found["brokerState"] == "RUNNING"
    assert found["configurations"] == {
        "current": {"id": own, "revision": 2},
        "pending": {"id": own, "revision": 3},
        "history": [],
    }
    assert found["maintenanceWindowStartTime"] == {"dayOfWeek": "SUNDAY", "timeOfDay": "00:00", "timeZone": "UTC"}
    assert found["users"] == [{"username": "testuser"}]


def test_a_configuration_is_described_and_its_revisions_are_listed() -> None:
    found = describe_configuration(account(), OWN)
    assert found["latestRevision"] == {
        "revision": 2,
        "created": "2019-12-01T12:00:00+00:00",
        "description": "tokyo.xml",
    }
    assert [each["revision"] for each in list_revisions(account(), OWN)] == [2, 1]


def test_a_deleted_broker_leaves_its_configuration_behind() -> None:
    gone = broker_deleted(delete_broker(account(), "tokyo"), "tokyo")
    assert [each.name for each in gone.brokers] == ["singapore"]
    assert OWN in {each.name for each in gone.configurations}


def refused(what: str, broker: str = "tokyo") -> None:
    """Do something that the service refuses."""
    made = account()
    rebooting = begin_reboot(made, "tokyo")
    doing = {
        "name": lambda: create_configuration(made, "a b", "5.18", NOON),
        "long name": lambda: create_configuration(made, "a" * 151, "5.18", NOON),
        "name taken": lambda: create_configuration(made, OWN, "5.18", NOON),
        "engine version": lambda: create_configuration(made, "x", "5.99", NOON),
        "unknown": lambda: update_configuration(made, "tokio", TEXT.encode(), NOON, file="x.xml"),
        "large": lambda: update_configuration(made, OWN, b"<" * 10 * 2**20, NOON, file="x.xml"),
        "namespace": lambda: update_configuration(made, OWN, TEXT.replace("core", "x").encode(), NOON, file="x.xml"),
        "malformed": lambda: update_configuration(made, OWN, b"<broker", NOON, file="x.xml"),
        "no revision": lambda: update_broker(made, "tokyo", revision=3),
        "no broker": lambda: update_broker(made, "osaka", revision=1),
        "other engine": lambda: update_broker(
            create_configuration(made, "new", "5.19", NOON), "tokyo", configuration="new"
        ),
        "six groups": lambda: update_broker(made, "tokyo", security_groups=[f"sg-{n}" for n in range(6)]),
        "rebooting": lambda: begin_reboot(rebooting, "tokyo"),
        "update while rebooting": lambda: update_broker(rebooting, "tokyo", revision=1),
        "nothing before": lambda: roll_back(made, "tokyo"),
        "not down": lambda: applied(made, "tokyo"),
        "broker taken": lambda: create_broker(
            made, name="tokyo", broker_id="b-x", engine_version="5.18", users=(), at=NOON
        ),
        "back": lambda: move_clock(made, NOON - timedelta(hours=1), NOON),
        "description": lambda: update_configuration(
            made, OWN, TEXT.encode(), NOON, description="x" * 1025, file="x.xml"
        ),
    }
    doing[what]()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("name", "is not a configuration name: Amazon MQ takes letters"),
        ("long name", "takes 1 to 150 characters"),
        ("name taken", r"named tokyo-configuration exists already \(ConflictException\)"),
        ("engine version", "the lab has no list of the elements that Amazon MQ permits in engine version '5.99'"),
        ("unknown", r"(?s)can't find requested configuration \[tokio\].*NotFound.*tokyo-configuration, singapore-"),
        ("large", f"x.xml:1:1: the configuration has more than {LARGEST_TEXT_BYTES} bytes"),
        ("namespace", f'(?s)not an Amazon MQ configuration.*outermost element as <broker xmlns="{NAMESPACE}"'),
        ("malformed", "x.xml:1:.*not well-formed XML"),
        ("no revision", "(?s)has no revision 3.*its revisions: 1 to 2"),
        ("no broker", r"(?s)can't find requested broker \[osaka\].*brokers: tokyo, singapore"),
        ("other engine", "the configuration new is for engine version 5.19, and tokyo has 5.18"),
        ("six groups", "6 security groups: Amazon MQ takes at most 5"),
        ("rebooting", r"tokyo is REBOOT_IN_PROGRESS, so there is nothing to reboot \(ConflictException\)"),
        ("update while rebooting", "tokyo is REBOOT_IN_PROGRESS, so there is nothing to update"),
        ("nothing before", "tokyo has had only tokyo-configuration revision 2"),
        ("not down", "tokyo is RUNNING: only a reboot applies pending changes"),
        ("broker taken", "a broker named tokyo exists already"),
        ("back", "the service's clock is at 2019-12-01 12:00:00 UTC and cannot go back"),
        ("description", "the description has 1025 characters"),
    ],
)
def test_what_the_service_refuses(what: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        refused(what)


def test_the_301st_revision_is_refused() -> None:
    made = account()
    own = made.configuration(OWN)
    first = own.revisions[0]
    full = replace(own, revisions=tuple(replace(first, number=n) for n in range(1, REVISIONS_PER_CONFIGURATION + 1)))
    with pytest.raises(InputError, match="has 300 revisions, the most that Amazon MQ keeps"):
        update_configuration(made.with_configuration(full), OWN, TEXT.encode(), NOON, file="x.xml")
