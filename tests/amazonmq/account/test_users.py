"""A user's creation, update and deletion wait for a reboot; a password is never in the account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.account_json import describe_user, list_users
from lab.amazonmq.account.brokers import applied, begin_reboot, delete_broker, finish_reboot
from lab.amazonmq.account.users import create_user, delete_user, update_user
from lab.errors import InputError
from tests.amazonmq.account.accounts import account

GOOD = SecretStr("correct-horse-42")
BETTER = SecretStr("correct-horse-43")


def rebooted(before: Account) -> Account:
    return finish_reboot(applied(begin_reboot(before, "tokyo"), "tokyo"), "tokyo")


def test_a_new_user_is_unknown_to_the_broker_until_it_reboots() -> None:
    made = create_user(account(), "tokyo", "bridge", GOOD, groups=["bridges"], console_access=True)
    record = made.broker("tokyo")
    assert list_users(made, "tokyo") == [{"username": "testuser"}, {"username": "bridge", "pendingChange": "CREATE"}]
    assert [each.name for each in record.identities] == ["testuser"]
    assert "bridge" not in record.passwords
    assert describe_user(made, "tokyo", "bridge")["pending"] == {
        "consoleAccess": True,
        "groups": ["bridges"],
        "pendingChange": "CREATE",
    }
    after = rebooted(made).broker("tokyo")
    assert [(each.name, each.groups) for each in after.identities] == [
        ("testuser", ("users",)),
        ("bridge", ("bridges",)),
    ]
    assert after.passwords == {"testuser": 1, "bridge": 3}
    assert not after.has_pending


def test_an_update_keeps_what_it_does_not_name() -> None:
    made = update_user(account(), "tokyo", "testuser", password=BETTER)
    now, then = made.broker("tokyo").user("testuser").current, made.broker("tokyo").user("testuser").pending
    assert now is not None
    assert then is not None
    assert (now.password, then.password, made.passwords) == (1, 3, 3)
    assert then.groups == now.groups == ("users",)
    assert describe_user(made, "tokyo", "testuser")["consoleAccess"] is True
    assert rebooted(made).broker("tokyo").passwords == {"testuser": 3}
    silent = update_user(account(), "tokyo", "testuser", console_access=False)
    assert silent.passwords == 2, "no password was set"
    assert not rebooted(silent).broker("tokyo").identities[0].console_access


def test_a_deleted_user_stays_until_the_reboot() -> None:
    made = delete_user(account(), "tokyo", "testuser")
    assert list_users(made, "tokyo") == [{"username": "testuser", "pendingChange": "DELETE"}]
    assert made.broker("tokyo").passwords == {"testuser": 1}
    assert rebooted(made).broker("tokyo").users == ()


def test_a_user_that_was_never_created_goes_at_once() -> None:
    made = delete_user(create_user(account(), "tokyo", "bridge", GOOD), "tokyo", "bridge")
    assert list_users(made, "tokyo") == [{"username": "testuser"}]
    assert not made.broker("tokyo").has_pending


def test_an_update_of_a_user_still_to_be_created_stays_a_creation() -> None:
    made = update_user(create_user(account(), "tokyo", "bridge", GOOD), "tokyo", "bridge", groups=["ab"])
    assert list_users(made, "tokyo")[-1] == {"username": "bridge", "pendingChange": "CREATE"}
    assert rebooted(made).broker("tokyo").user("bridge").latest.groups == ("ab",)


def test_a_password_set_again_has_another_number() -> None:
    once = delete_user(create_user(account(), "tokyo", "bridge", GOOD), "tokyo", "bridge")
    again = create_user(once, "tokyo", "bridge", BETTER)
    assert again.broker("tokyo").user("bridge").latest.password == 4


def test_no_password_is_in_the_account() -> None:
    made = update_user(create_user(account(), "tokyo", "bridge", GOOD), "tokyo", "testuser", password=BETTER)
    assert "correct-horse" not in repr(rebooted(made)) + repr(made)


def _many_users(account: Account) -> Account:
    for number in range(249):
        account = create_user(account, "tokyo", f"user-{number}", GOOD)
    return account


REFUSED: dict[str, Callable[[Account], Account]] = {
    "is not a user name: Amazon MQ takes 2 to 100": lambda a: create_user(a, "tokyo", "x", GOOD),
    "takes letters, digits, dots": lambda a: create_user(a, "tokyo", "a b", GOOD),
    "the web console's own user": lambda a: create_user(a, "tokyo", "activemq-webconsole", GOOD),
    "the password has 5 characters: Amazon MQ takes 12 to 250": lambda a: create_user(
        a, "tokyo", "bridge", SecretStr("short")
    ),
    "no comma, colon or equals sign": lambda a: create_user(a, "tokyo", "bridge", SecretStr("correct:horse:42")),
    "fewer than 4 different characters": lambda a: update_user(a, "tokyo", "testuser", password=SecretStr("ab" * 8)),
    r"has a user testuser already \(ConflictException\)": lambda a: create_user(a, "tokyo", "testuser", GOOD),
    r"(?s)can't find requested user \[bridge\].*users of tokyo: testuser": lambda a: delete_user(a, "tokyo", "bridge"),
    r"can't find requested broker \[osaka\]": lambda a: create_user(a, "osaka", "bridge", GOOD),
    "21 groups: Amazon MQ takes at most 20": lambda a: create_user(
        a, "tokyo", "bridge", GOOD, groups=[f"group-{n}" for n in range(21)]
    ),
    "'x' is not a group name": lambda a: create_user(a, "tokyo", "bridge", GOOD, groups=["x"]),
    "is about to be deleted": lambda a: update_user(
        delete_user(a, "tokyo", "testuser"), "tokyo", "testuser", groups=["ab"]
    ),
    "tokyo has 250 users, the most that Amazon MQ allows": lambda a: create_user(
        _many_users(a), "tokyo", "bridge", GOOD
    ),
    "DELETION_IN_PROGRESS, so its users cannot be changed": lambda a: create_user(
        delete_broker(a, "tokyo"), "tokyo", "bridge", GOOD
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_the_service_refuses(words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        REFUSED[words](account())
    assert "correct" not in str(error.value), "not even a refusal repeats a password"
