"""A broker's passwords lie by their numbers in one file, and none of them is ever printed."""

from __future__ import annotations

import pytest

from lab.amazonmq.files.broker_files import STRANGER_PASSWORD, BrokerSecrets
from lab.amazonmq.files.vault import VAULT, Vault
from lab.errors import HostError

SECRETS = BrokerSecrets(users={"testuser": "first-word"}, key_store="store-word", console="page-word", jolokia="jmx")
VAULTED = Vault.of(SECRETS, {"testuser": 1})


def test_a_user_has_the_applied_password_until_another_is_applied() -> None:
    kept = VAULTED.with_password("testuser", 2, "second-word").with_password("bridge", 3, "third-word")
    assert (kept.password("testuser"), kept.password("bridge")) == ("first-word", "third-word")
    assert kept.secrets.users == {"testuser": "first-word"}
    applied = kept.with_current({"testuser": 2, "bridge": 3})
    assert (applied.password("testuser"), applied.password("bridge")) == ("second-word", "third-word")
    assert applied.secrets.users == {"testuser": "second-word", "bridge": "third-word"}
    assert applied.secrets.console == "page-word"


def test_what_is_nobodys_any_more_is_masked_all_the_same() -> None:
    applied = VAULTED.with_password("testuser", 2, "second-word").with_current({"testuser": 2})
    assert "first-word" in applied.all, "logs have it still"
    assert "first-word" in Vault.read(applied.file.content).with_current({"testuser": 2}).all
    gone = applied.with_current({})
    assert gone.secrets.users == {}
    assert gone.password("testuser") == "second-word", "a client that still tries it is refused by the broker itself"


def test_a_user_that_nobody_made_has_nobodys_password() -> None:
    assert VAULTED.password("stranger") == STRANGER_PASSWORD


def test_what_is_masked_besides_is_in_it() -> None:
    vault = Vault.of(SECRETS, {"testuser": 1}, {"of-a-connector"})
    assert Vault.read(vault.file.content) == vault
    assert {*vault.all} >= {"of-a-connector", "first-word", "page-word"}
    assert "of-a-connector" not in repr(vault)


def test_it_reads_back_and_is_secret() -> None:
    kept = VAULTED.with_password("bridge", 2, 'a "quoted" word')
    assert Vault.read(kept.file.content) == kept
    assert (kept.file.path, kept.file.secret) == (VAULT, True)
    assert "-word" not in repr(kept) + repr(kept.file)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"own": 1, "passwords": {"x": "secret-word"}}', b"\xff"])
def test_a_file_that_is_none_is_said_without_its_content(content: bytes) -> None:
    with pytest.raises(HostError, match=r"passwords.json cannot be read") as error:
        Vault.read(content)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None
