"""The content of every file in a broker's /etc/mqlab, except its two key stores, and which files are secret.

Pure text; the emulation writes the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field
from importlib.resources import files

from lab.activemq.protocols import CONSOLE, JOLOKIA_PORT
from lab.amazonmq.files.activemq_xml import CONSOLE_KEY, FOLDER, KEY_STORE_KEY, STRANGER_KEY, user_key
from lab.amazonmq.identity import UserIdentity
from lab.amazonmq.names import CONSOLE_USER
from lab.base.dataclass import dataclass

KEY_STORE = f"{FOLDER}/keystore.p12"
TRUST_STORE = f"{FOLDER}/truststore.p12"
JOLOKIA_USER = "mqlab"
STRANGER_PASSWORD = "not-a-user-of-this-broker"  # of a connector whose user the broker does not know; no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSecrets:
    """The secrets of one broker: its users' passwords by name, and three that the lab generates."""

    users: Mapping[str, str] = field(repr=False)
    key_store: str = field(repr=False)
    console: str = field(repr=False)
    jolokia: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFile:
    """One file of a broker; a secret one is readable by the broker alone."""

    path: str
    content: bytes = field(repr=False)
    secret: bool


def broker_files(activemq_xml: str, users: Sequence[UserIdentity], secrets: BrokerSecrets) -> tuple[BrokerFile, ...]:
    """Return every text file of one broker; `activemq_xml` is the text from `render`."""
    texts = {
        "activemq.xml": activemq_xml,
        "jetty.xml": jetty_xml(),
        "jolokia-access.xml": jolokia_access(),
    }
    secret_texts = {
        "secrets.properties": secrets_properties(secrets),
        "jetty-realm.properties": jetty_realm(users, secrets.users),
        "jolokia.properties": jolokia_properties(JOLOKIA_USER, secrets.jolokia),
    }
    return tuple(
        BrokerFile(path=f"{FOLDER}/{name}", content=text.encode("utf-8"), secret=name in secret_texts)
        for name, text in {**texts, **secret_texts}.items()
    )


def secrets_properties(secrets: BrokerSecrets) -> str:
    """Return the values of the placeholders in activemq.xml, jetty.xml and the console's own login."""
    values = {
        KEY_STORE_KEY: secrets.key_store,
        "console.user": CONSOLE_USER,
        CONSOLE_KEY: secrets.console,
        "console.port": str(CONSOLE.port),
        STRANGER_KEY: STRANGER_PASSWORD,
        **{user_key(name): password for name, password in secrets.users.items()},
    }
    return _properties({key: _spring_literal(value) for key, value in values.items()})


def jetty_xml() -> str:
    """Return the settings of the console's web server."""
    return files("lab.amazonmq.files").joinpath("jetty.xml").read_text("utf-8")


def jetty_realm(users: Sequence[UserIdentity], passwords: Mapping[str, str]) -> str:
    """Return the users who may open the console.

    Their passwords are digests: Jetty would trim a plain one and cut it at a comma.
    """
    digests = {
        user.name: hashlib.md5(passwords[user.name].encode(), usedforsecurity=False).hexdigest()
        for user in users
        if user.console_access
    }
    return "".join(f"{_escape(name, key=True)}: MD5:{digest},admin\n" for name, digest in digests.items())


def jolokia_properties(user: str, password: str) -> str:
    """Return the settings of the Jolokia agent through which the lab watches a broker."""
    return _properties(
        {
            "host": "0.0.0.0",
            "port": str(JOLOKIA_PORT),
            "agentContext": "/jolokia",
            "user": user,
            "password": password,
            "policyLocation": f"file:{FOLDER}/jolokia-access.xml",
            "discoveryEnabled": "false",
            # A look-up of each client's name would stall without DNS.
            "allowDnsReverseLookup": "false",
        }
    )


def jolokia_access() -> str:
    """Return the policy of operations that the lab may do through Jolokia."""
    return files("lab.amazonmq.files").joinpath("jolokia-access.xml").read_text("utf-8")


def _spring_literal(text: str) -> str:
    """Return a value that Spring reads as it is: Spring evaluates `#{…}` in the values of placeholders too."""
    return text.replace("#{", "#{'#{'}")


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{_escape(key, key=True)}={_escape(value, key=False)}\n" for key, value in values.items())


def _escape(text: str, *, key: bool) -> str:
    """Return a text in ASCII, escaped so that Java's Properties.load reads it back."""
    return "".join(_escape_character(character, space=key or index == 0) for index, character in enumerate(text))


def _escape_character(character: str, *, space: bool) -> str:
    if character == " ":
        return "\\ " if space else " "
    if character in "\\#!=:":
        return "\\" + character
    if "!" <= character <= "~":
        return character
    # A character of Java's has 16 bits: any beyond them is two.
    pairs = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{pairs[at]:02x}{pairs[at + 1]:02x}" for at in range(0, len(pairs), 2))
