"""The files beside activemq.xml: they say what they should, and keep their secrets."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.files.broker_files import (
    BrokerSecrets,
    broker_files,
    jetty_realm,
    jolokia_properties,
    secrets_properties,
)
from lab.amazonmq.identity import UserIdentity
from tests.amazonmq.cases import render_cases

PASSWORD = "a${x}# \\!\"<&> '#{1+1}z"
SECRETS = BrokerSecrets(
    users={"testuser": PASSWORD, "admin": "another password"},
    key_store="store-word",
    console="page-word",
    jolokia="jmx",
)


def read_properties(text: str) -> dict[str, str]:
    """Read a .properties file as Java's Properties.load does."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"[ \t\f]*((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", line)
        assert match is not None and not line.lstrip().startswith(("#", "!"))
        found[_unescape(match[1])] = _unescape(match[2])
    return found


def _unescape(text: str) -> str:
    plain = re.sub(r"\\u([0-9a-f]{4})|\\(.)", lambda each: chr(int(each[1], 16)) if each[1] else each[2], text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.from_regex(r"\A[A-Za-z0-9._~-]{2,20}\Z"))
def test_properties_give_back_what_was_written(password: str, user: str) -> None:
    text = jolokia_properties(user, password)
    assert text.isascii()
    assert read_properties(text)["password"] == password
    assert read_properties(text)["user"] == user


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_password_holds_no_expression_that_spring_would_evaluate(password: str) -> None:
    """Spring's own reading of the result: text as it is, and #{'…'} as the string between the quotes."""
    secrets = BrokerSecrets(users={"testuser": password}, key_store="store", console="page", jolokia="jmx")
    written = read_properties(secrets_properties(secrets))["user.testuser.password"]
    assert "#{" not in written.replace("#{'#{'}", "")
    assert written.replace("#{'#{'}", "#{") == password


def test_the_realm_names_console_users_only_and_no_password() -> None:
    users = (UserIdentity(name="testuser"), UserIdentity(name="admin", console_access=True))
    assert jetty_realm(users, SECRETS.users) == "admin: MD5:e29b31c625c263a64987fc68043086dc,admin\n"


def test_a_broker_gets_every_file_and_passwords_stand_in_secret_ones_only() -> None:
    case = next(case for case in render_cases() if case.name == "article")
    written = broker_files(render(case.sanitised, case.identity), case.identity.users, SECRETS)
    assert {file.path.removeprefix("/etc/mqlab/"): file.secret for file in written} == {
        "activemq.xml": False,
        "jetty.xml": False,
        "jolokia-access.xml": False,
        "secrets.properties": True,
        "jetty-realm.properties": True,
        "jolokia.properties": True,
    }
    for file in written:
        assert file.secret or not any(word in file.content.decode() for word in ("a${x}", "-word", "another"))
        if file.path.endswith(".xml"):
            ElementTree.fromstring(file.content)


def test_every_placeholder_has_its_line_in_the_secrets_file() -> None:
    for case in render_cases():
        passwords = {user.name: "some password" for user in case.identity.users}
        secrets = BrokerSecrets(users=passwords, key_store="store-word", console="page-word", jolokia="jmx")
        contents = {
            file.path: file.content.decode()
            for file in broker_files(render(case.sanitised, case.identity), case.identity.users, secrets)
        }
        asked = set(
            re.findall(r"%\{mqlab:([^}\"]*)\}", contents["/etc/mqlab/activemq.xml"] + contents["/etc/mqlab/jetty.xml"])
        )
        assert asked | {"console.user", "stranger.password"} == set(
            read_properties(contents["/etc/mqlab/secrets.properties"])
        )


def test_no_secret_is_printed() -> None:
    assert "word" not in repr(SECRETS)
    case = render_cases()[0]
    secrets = BrokerSecrets(
        users={user.name: PASSWORD for user in case.identity.users}, key_store="ks", console="page-word", jolokia="jmx"
    )
    assert "page-word" not in repr(broker_files(render(case.sanitised, case.identity), case.identity.users, secrets))
