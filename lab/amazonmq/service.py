"""What the service keeps for itself: the elements, attributes and values a configuration may not set.

Each becomes a Problem here. A later step may remove them with a warning instead, as the service does; it then stands
between `read` and `render`, and `render` need not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.amazonmq.configuration import NAMESPACE, Configuration
from lab.amazonmq.elements import Attribute, Element
from lab.errors import Problem

SERVICE_ELEMENTS = frozenset(
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
SERVICE_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "broker": frozenset({"brokerName", "brokerId", "dataDirectory", "dataDirectoryFile", "tmpDataDirectory", "useJmx"})
    | frozenset({"schedulerDirectory", "schedulerDirectoryFile", "transportConnectorURIs", "networkConnectorURIs"})
    | frozenset({"vmConnectorURI", "sslContext"}),
    "transportConnector": frozenset({"uri", "discoveryUri", "discoveryURI"}),
    "networkConnector": frozenset({"password", "remoteUserName", "remotePassword", "sslContext"}),
    "kahaDB": frozenset({"directory", "indexDirectory", "directoryArchive"}),
}
_FOREIGN_ATTRIBUTES = frozenset({"http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2001/XMLSchema-instance"})
_SECRET = "%{mqlab:"


def check_service_owned(configuration: Configuration) -> tuple[Problem, ...]:
    """Name everything in a configuration that Amazon MQ sets itself or does not let a person write."""
    return tuple(_problems(configuration, configuration.broker))


def _problems(configuration: Configuration, element: Element) -> Iterator[Problem]:
    if element.namespace != NAMESPACE:
        yield Problem(
            what=f"<{element.tag}> is not an ActiveMQ element",
            remedy=f"remove it: Amazon MQ accepts only elements of {NAMESPACE}",
            place=configuration.place(element.start),
        )
        return
    if element.name in SERVICE_ELEMENTS:
        yield Problem(
            what=f"Amazon MQ sets <{element.name}> itself",
            remedy="remove it",
            place=configuration.place(element.start),
        )
        return
    for attribute in element.attributes:
        yield from _attribute_problems(configuration, element, attribute)
    if _is_expression(element.text.strip()):
        yield Problem(
            what=f"the text in <{element.name}> is an expression or a reference",
            remedy="write the value itself: Amazon MQ drops Spring expressions, variables and bean references",
            place=configuration.place(element.open_end),
        )
    if element.name == "transportConnector" and element.get("name") != "openwire":
        yield Problem(
            what=f"Amazon MQ sets the transport connector {element.get('name') or 'without a name'} itself",
            remedy='remove it: only name="openwire" may be written, to set updateClusterClients and the like',
            place=configuration.place(element.start),
        )
    for child in element.children:
        yield from _problems(configuration, child)


def _attribute_problems(configuration: Configuration, element: Element, attribute: Attribute) -> Iterator[Problem]:
    place = configuration.place(attribute.start)
    if attribute.namespace and attribute.namespace not in _FOREIGN_ATTRIBUTES:
        yield Problem(
            what=f"the attribute {attribute.name} of <{element.name}> is not ActiveMQ's",
            remedy=f"remove it: it belongs to {attribute.namespace}",
            place=place,
        )
    elif attribute.name in SERVICE_ATTRIBUTES.get(element.name, frozenset()):
        yield Problem(
            what=f"Amazon MQ sets {attribute.name} of <{element.name}> itself", remedy="remove it", place=place
        )
    elif _is_expression(attribute.value):
        yield Problem(
            what=f"the value of {attribute.name} is an expression or a reference",
            remedy="write the value itself: Amazon MQ drops Spring expressions, variables and bean references",
            place=configuration.place(attribute.value_start),
        )


def _is_expression(value: str) -> bool:
    """Spring would evaluate `#{…}` and `${…}`; ActiveMQ's XML reader takes a value that begins with # as a bean."""
    return "${" in value or "#{" in value or value.startswith("#") or _SECRET in value
