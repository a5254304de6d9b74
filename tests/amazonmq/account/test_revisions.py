"""A configuration gains revisions that never change, up to the service's three hundred."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lab.amazonmq.account.revisions import create, save
from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.quotas import REVISIONS_PER_CONFIGURATION
from lab.errors import InputError

NOON = datetime(2019, 12, 1, 12, 0, tzinfo=UTC)
TEXT = f'<broker xmlns="{NAMESPACE}" useVirtualTopics="true" brokerName="x">\n</broker>\n'.encode()


def test_the_first_revision_is_the_services_default() -> None:
    made = create("tokyo", "5.18", NOON)
    assert (made.latest.number, made.latest.created) == (1, NOON)
    assert made.latest.description == "Auto-generated default for tokyo on ActiveMQ 5.18.4"
    assert made.latest.text == default_configuration().text
    assert made.id == create("tokyo", "5.17", NOON).id != create("singapore", "5.18", NOON).id


def test_a_save_is_a_new_revision_of_what_is_permitted() -> None:
    before = create("tokyo", "5.18", NOON)
    saved = save(before, TEXT, NOON + timedelta(hours=1), description="mine", file="tokyo.xml")
    assert [each.number for each in saved.configuration.revisions] == [1, 2]
    assert saved.configuration.latest.description == "mine"
    assert "brokerName" not in saved.configuration.latest.text
    assert [each.attribute for each in saved.sanitised.removals] == ["brokerName"]
    assert saved.configuration.revision(1) == before.latest, "revisions never change"
    assert before.revisions == before.revisions[:1], "nor does the value before"


def test_two_revisions_are_compared() -> None:
    made = create("tokyo", "5.18", NOON)
    first = save(made, TEXT, NOON, file="x.xml").configuration
    second = save(first, TEXT.replace(b'"true"', b'"false"'), NOON, file="x.xml").configuration
    assert second.compare(2, 3).splitlines() == [
        "--- tokyo revision 2",
        "+++ tokyo revision 3",
        "@@ -1,2 +1,2 @@",
        f'-<broker xmlns="{NAMESPACE}" useVirtualTopics="true">',
        f'+<broker xmlns="{NAMESPACE}" useVirtualTopics="false">',
        " </broker>",
    ]
    assert second.compare(3, 3) == ""


def test_the_revision_after_the_last_is_refused() -> None:
    made = create("tokyo", "5.18", NOON)
    full = replace(
        made,
        revisions=tuple(replace(made.latest, number=number) for number in range(1, REVISIONS_PER_CONFIGURATION + 1)),
    )
    with pytest.raises(InputError, match="has 300 revisions, the most that Amazon MQ keeps"):
        save(full, TEXT, NOON, file="x.xml")
    last = replace(full, revisions=full.revisions[:-1])
    assert save(last, TEXT, NOON, file="x.xml").configuration.latest.number == REVISIONS_PER_CONFIGURATION


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_revision_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(InputError, match=r"no revision .*\n.*1 to 1"):
        create("tokyo", "5.18", NOON).revision(number)


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("", "5.18", "1 to 150 characters"),
        ("x" * 151, "5.18", "1 to 150 characters"),
        ("to kyo", "5.18", "letters, digits"),
        ("tokyo", "5.14", "the lab has no list.*\n.*5.15, 5.16, 5.17, 5.18, 5.19"),
    ],
)
def test_what_the_service_would_not_create(name: str, version: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        create(name, version, NOON)


def test_what_is_no_configuration_is_not_saved() -> None:
    with pytest.raises(InputError, match=r"bad\.xml:1:"):
        save(create("tokyo", "5.18", NOON), b"<broker/>", NOON, file="bad.xml")
