"""Amazon MQ's rules for names: broker ids, host names, users and groups.

Pure text and numbers. Each `check_…` function returns why the service would refuse a text, or None if it is accepted.
"""

from __future__ import annotations

import re
import uuid

# The namespace from which ids are derived, so that they are the same on every run of a topology.
_NAMESPACE = uuid.UUID("5d0f7a4e-6f0c-5b7c-9c51-0c9a1d1e7b42")

# The service's ids are UUIDs; the letters after f occur in AWS's own printed examples, which people paste.
_BROKER_ID = re.compile(r"b-[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{12}")
_NAME = re.compile(r"[A-Za-z0-9._~-]+")

CONSOLE_USER = "activemq-webconsole"  # the console's own login, and the group that Amazon MQ's authorization maps name
LONGEST_CONFIGURATION_NAME = 150
LONGEST_BROKER_NAME = 50
LONGEST_DESCRIPTION = 1024  # assumed: no figure of AWS's was found


def host_name(broker_id: str, aws_region: str, instance: int = 1) -> str:
    """Return the host name under which Amazon MQ would publish the endpoints of a broker's instance."""
    domain = "amazonaws.com.cn" if aws_region.startswith("cn-") else "amazonaws.com"
    return f"{broker_id}-{instance}.mq.{aws_region}.{domain}"


def derived_broker_id(topology: str, broker: str) -> str:
    """Return the id of a broker that declares none: the same on every run of its topology."""
    return f"b-{uuid.uuid5(_NAMESPACE, f'{topology}/{broker}')}"


def derived_configuration_id(name: str) -> str:
    """Return the id of a configuration, derived from its name: the same on every run."""
    return f"c-{uuid.uuid5(_NAMESPACE, f'configuration/{name}')}"


def check_configuration_name(text: str) -> str | None:
    """Return why Amazon MQ would refuse the name of a configuration, or None."""
    return _check_name(text, "configuration name", 1, LONGEST_CONFIGURATION_NAME)


def check_description(text: str) -> str | None:
    """Return why Amazon MQ would refuse the description of a revision, or None."""
    if len(text) <= LONGEST_DESCRIPTION:
        return None
    return f"the description has {len(text)} characters: Amazon MQ takes at most {LONGEST_DESCRIPTION}"


def check_broker_name(text: str) -> str | None:
    """Return why Amazon MQ would refuse the name of a broker, or None."""
    return _check_name(text, "broker name", 1, LONGEST_BROKER_NAME)


def check_broker_id(text: str) -> str | None:
    """Return why a text is not a broker id of Amazon MQ's, or None."""
    if _BROKER_ID.fullmatch(text):
        return None
    return f"{text!r} is not a broker id: write b- and a UUID, such as b-1234a5b6-78cd-901e-2f3a-45b6c7d8e9f0"


def check_user_name(text: str) -> str | None:
    """Return why Amazon MQ would refuse a user name, or None."""
    if text == CONSOLE_USER:
        return f"{text!r} is the web console's own user: choose another name"
    return _check_name(text, "user name")


def check_group(text: str) -> str | None:
    """Return why Amazon MQ would refuse the name of a group, or None."""
    return _check_name(text, "group name")


def _check_name(text: str, kind: str, least: int = 2, most: int = 100) -> str | None:
    if not least <= len(text) <= most:
        return f"{text!r} is not a {kind}: Amazon MQ takes {least} to {most} characters"
    if not _NAME.fullmatch(text):
        return f"{text!r} is not a {kind}: Amazon MQ takes letters, digits, dots, dashes, underscores and tildes"
    return None
