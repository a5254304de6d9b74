"""What the service keeps for itself, or takes only elsewhere, in words for the person who wrote it.

Nothing here decides what is removed: none of it is among what is permitted. It says why, where more is known.
"""

from __future__ import annotations

from collections.abc import Mapping

_SERVICE_ELEMENTS = frozenset(
    {
        "managementContext",
        "sslContext",
        "shutdownHooks",
        "messageAuthorizationPolicy",
        "simpleAuthenticationPlugin",
        "jaasAuthenticationPlugin",
        "jaasCertificateAuthenticationPlugin",
        "jaasDualAuthenticationPlugin",
    }
)
_SERVICE_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "broker": frozenset({"brokerName", "brokerId", "dataDirectory", "dataDirectoryFile", "tmpDataDirectory", "useJmx"})
    | frozenset({"schedulerDirectory", "schedulerDirectoryFile", "transportConnectorURIs", "networkConnectorURIs"})
    | frozenset({"vmConnectorURI", "sslContext", "start", "networkConnectorStartAsync"}),
    "transportConnector": frozenset({"uri", "discoveryUri", "discoveryURI"}),
    "networkConnector": frozenset({"password", "remoteUserName", "remotePassword", "sslContext"}),
    "kahaDB": frozenset({"directory", "indexDirectory", "directoryArchive"}),
}
_ELSEWHERE = {"cachedLDAPAuthorizationMap": "is for configurations with LDAP, which the lab does not have"}
_SECRET = "%{mqlab:"


def about_element(name: str) -> str:
    """Say why the service does not take an element, or nothing where no more is known."""
    if name in _SERVICE_ELEMENTS:
        return f"Amazon MQ sets {name} itself"
    return f"{name} {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""


def about_attribute(element: str, name: str) -> str:
    """Say why the service does not take an attribute, or nothing where no more is known."""
    if name in _SERVICE_ATTRIBUTES.get(element, frozenset()):
        return f"Amazon MQ sets {name} of {element} itself"
    return ""


def is_expression(value: str) -> bool:
    """Spring would evaluate `#{…}` and `${…}`; ActiveMQ's XML reader takes a value that begins with # as a bean."""
    return "${" in value or "#{" in value or value.startswith("#") or _SECRET in value
