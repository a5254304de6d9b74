"""Elements and attributes that the service sets itself, with the reason for the person who wrote them.

Decides nothing: all of them are missing from the list of permitted ones. It adds a better reason where one is known.
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
    """Return why the service refuses an element, or an empty text if no special reason is known."""
    if name in _SERVICE_ELEMENTS:
        return f"Amazon MQ sets {name} itself"
    return f"{name} {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""


def about_attribute(tag: str, name: str) -> str:
    """Return why the service refuses an attribute of an element, or an empty text if no special reason is known."""
    if name in _SERVICE_ATTRIBUTES.get(tag, frozenset()):
        return f"Amazon MQ sets {name} of {tag} itself"
    return ""


def is_expression(text: str) -> bool:
    """Return whether a value is not plain text: Spring evaluates `#{…}` and `${…}`; to ActiveMQ `#name` is a bean."""
    return "${" in text or "#{" in text or text.startswith("#") or _SECRET in text
