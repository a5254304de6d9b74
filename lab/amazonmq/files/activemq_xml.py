"""Renders a configuration as the complete activemq.xml of a real broker, with the elements that Amazon MQ adds.

The person's own lines stay unchanged, and `diff` shows the additions. No password is ever written: placeholders, which
no text of a person can be mistaken for, stand for lines of the broker's secrets file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from lab.activemq.forwarding.settings import PRIORITY, decreases_priority
from lab.activemq.protocols import ENDPOINTS, OPENWIRE, Port
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.edits import Edit, Layout, Node, apply
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode
from lab.amazonmq.names import CONSOLE_USER
from lab.amazonmq.quotas import CONNECTIONS_PER_PROTOCOL

FOLDER = "/etc/mqlab"
DATA_FOLDER = "/var/lib/activemq"
LARGEST_FRAME = 100 * 1024 * 1024  # bytes, ActiveMQ's own default
LARGEST_BODY = LARGEST_FRAME - 64 * 1024  # bytes; the rest of a frame is for the headers

# Milliseconds between two attempts of a standby to get the store's lock: the service fails over in seconds.
LOCK_INTERVAL = 1000

KEY_STORE_KEY = "keystore.password"
CONSOLE_KEY = "console.password"
STRANGER_KEY = "stranger.password"  # for a connector whose user the broker does not know: it is refused

_BEANS = "http://www.springframework.org/schema/beans"
_HEADER = f"""\
<beans xmlns="{_BEANS}"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xsi:schemaLocation="{_BEANS} {_BEANS}/spring-beans.xsd
       http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <bean class="org.springframework.beans.factory.config.PropertyPlaceholderConfigurer">
    <property name="location" value="file:{FOLDER}/secrets.properties"/>
    <property name="placeholderPrefix" value="%{{mqlab:"/>
    <property name="placeholderSuffix" value="}}"/>
    <property name="systemPropertiesModeName" value="SYSTEM_PROPERTIES_MODE_NEVER"/>
  </bean>"""
_FOOTER = f'  <import resource="file:{FOLDER}/jetty.xml"/>\n</beans>'
OBSERVER = "mqlab.Observer"  # of docker/broker/observer
_DECLARATION = re.compile(r"<\?xml\b.*?\?>", re.DOTALL)
_NOTE = "<!-- What Amazon MQ adds: management, certificates, users, storage, ports. -->"


def render(sanitised: Sanitised, identity: BrokerIdentity, endpoints: Sequence[Port] = ENDPOINTS) -> str:
    """Return the activemq.xml of one broker.

    A sanitised configuration sets nothing that the service sets and has no placeholders, so nothing is there twice and
    every placeholder is the lab's.
    """
    configuration = sanitised.configuration
    source, broker = configuration.text, configuration.broker
    layout = Layout.of(source, broker)
    # The new attributes of <broker> must come before the edit that opens an empty <broker/>: same place, this order.
    edits = [
        *_around(layout),
        *layout.add_attributes(broker, _broker_attributes(identity), own_line=True),
        *_existing_children(layout, broker, identity, endpoints),
        *layout.add_children(broker, [_NOTE, *_new_children(broker, identity, endpoints)]),
        *(edit for connector in configuration.connectors for edit in _connector(layout, connector.xml, identity)),
    ]
    return apply(source, [*configuration.deletions, *edits])


def diff(configuration: Configuration, rendered: str) -> str:
    """Return the lines removed from the person's text and added to it, as a unified diff."""
    before, after = (
        text.replace("\r\n", "\n").removesuffix("\n").split("\n") for text in (configuration.text, rendered)
    )
    lines = difflib.unified_diff(before, after, configuration.file, "activemq.xml", lineterm="", n=1)
    return "".join(f"{line}\n" for line in lines)


def secret(key: str) -> str:
    """Return the placeholder that the broker replaces by the value of a key in its secrets file."""
    return f"%{{mqlab:{key}}}"


def user_key(name: str) -> str:
    """Return the key of a user's password in the secrets file."""
    return f"user.{name}.password"


def _around(layout: Layout) -> list[Edit]:
    """Return the edits that put the Spring document around the text, after its XML declaration."""
    source, newline = layout.source, layout.newline
    header, footer = (text.replace("\n", newline) for text in (_HEADER, _FOOTER))
    declaration = _DECLARATION.match(source)
    if declaration is None:
        start, head = 0, f'<?xml version="1.0" encoding="UTF-8"?>{newline}{header}{newline}'
    else:
        start, head = declaration.end(), newline + header
        if not source.startswith(newline, start):
            head += newline
    gap = "" if source.endswith("\n") else newline
    end = len(source)
    return [Edit(start=start, end=start, text=head), Edit(start=end, end=end, text=gap + footer + newline)]


def _broker_attributes(identity: BrokerIdentity) -> dict[str, str]:
    return {
        "brokerName": identity.name,
        "dataDirectory": DATA_FOLDER,
        "useJmx": "true",
        # Otherwise a broker does not finish starting before its neighbour is up.
        "networkConnectorStartAsync": "true",
    }


def _existing_children(
    layout: Layout, broker: Element, identity: BrokerIdentity, endpoints: Sequence[Port]
) -> Iterator[Edit]:
    """Yield the edits that complete those elements of the person's to which the service adds."""
    for plugins in broker.children_named("plugins"):
        # The first plugin is the innermost: a client is authenticated before it is authorised.
        yield from layout.add_children(plugins, [_authentication(identity)], first=True)
        # The last plugin is the outermost: the observer sees also what the others refuse.
        yield from layout.add_children(plugins, _observer(identity))
    for store in broker.children_named("persistenceAdapter"):
        database, ours = store.find("kahaDB"), _kaha_db(identity)
        if database is None:
            yield from layout.add_children(store, [ours])
        else:
            yield from layout.add_attributes(database, ours.attributes)
            yield from layout.add_children(database, ours.children)
    for transports in broker.children_named("transportConnectors"):
        written = [each for each in transports.children if each.name == "transportConnector"]
        for each in written:
            yield from layout.add_attributes(each, {"uri": _transport_uri(OPENWIRE)})
        missing = [each for each in endpoints if not written or each is not OPENWIRE]
        yield from layout.add_children(transports, _transports(missing))


def _new_children(broker: Element, identity: BrokerIdentity, endpoints: Sequence[Port]) -> Iterator[Node]:
    """Yield the elements that only the service writes, or that the configuration lacks."""
    yield _wrap("managementContext", Node("managementContext", {"createConnector": "false"}))
    # Without it the console's web server goes on after the broker has stopped.
    yield _wrap("shutdownHooks", Node("bean", {"class": "org.apache.activemq.hooks.SpringContextHook"}, (), _BEANS))
    yield _wrap("sslContext", Node("sslContext", _certificates()))
    if broker.find("plugins") is None:
        yield _wrap("plugins", _authentication(identity), *_observer(identity))
    if broker.find("persistenceAdapter") is None:
        yield _wrap("persistenceAdapter", _kaha_db(identity))
    if broker.find("systemUsage") is None:
        yield _wrap("systemUsage", _wrap("systemUsage", *_usage()))
    if broker.find("transportConnectors") is None:
        yield _wrap("transportConnectors", *_transports(endpoints))


def _connector(layout: Layout, element: Element, identity: BrokerIdentity) -> list[Edit]:
    """Return the edits that add a connector's password, and a default of the declared engine version."""
    added: dict[str, str] = {}
    user = element.get("userName")
    if user is not None:
        known = any(each.name == user for each in identity.users)
        added["password"] = secret(user_key(user) if known else STRANGER_KEY)
    if element.attribute(PRIORITY) is None:
        added[PRIORITY] = str(decreases_priority(identity.engine_version)).lower()
    return layout.add_attributes(element, added)


def _authentication(identity: BrokerIdentity) -> Node:
    logins = [(user.name, user_key(user.name), ",".join(user.groups)) for user in identity.users]
    logins.append((CONSOLE_USER, CONSOLE_KEY, CONSOLE_USER))
    entries = [
        Node("authenticationUser", {"username": name, "password": secret(key), "groups": groups})
        for name, key, groups in logins
    ]
    return Node("simpleAuthenticationPlugin", {"anonymousAccessAllowed": "false"}, (_wrap("users", *entries),))


def _observer(identity: BrokerIdentity) -> list[Node]:
    """Return the lab's observer, if the broker has one; Amazon MQ permits no such plugin."""
    if not identity.observe:
        return []
    patterns = Node("property", {"name": "patterns", "value": " ".join(identity.observe)}, (), _BEANS)
    return [Node("bean", {"class": OBSERVER}, (patterns,), _BEANS)]


def _certificates() -> dict[str, str]:
    password = secret(KEY_STORE_KEY)
    return {
        "keyStore": f"file:{FOLDER}/keystore.p12",
        "keyStoreType": "PKCS12",
        "keyStorePassword": password,
        "trustStore": f"file:{FOLDER}/truststore.p12",
        "trustStoreType": "PKCS12",
        "trustStorePassword": password,
    }


def _kaha_db(identity: BrokerIdentity) -> Node:
    """Return the store; the standby of a pair tries to get its lock each second instead of each 10 s."""
    locker = Node("shared-file-locker", {"lockAcquireSleepInterval": str(LOCK_INTERVAL)})
    pair = identity.deployment_mode is DeploymentMode.ACTIVE_STANDBY_MULTI_AZ
    return Node("kahaDB", {"directory": f"{DATA_FOLDER}/kahadb"}, (_wrap("locker", locker),) if pair else ())


def _usage() -> tuple[Node, ...]:
    return (
        _wrap("memoryUsage", Node("memoryUsage", {"percentOfJvmHeap": "70"})),
        _wrap("storeUsage", Node("storeUsage", {"limit": "1 gb"})),
        _wrap("tempUsage", Node("tempUsage", {"limit": "256 mb"})),
    )


def _transports(endpoints: Sequence[Port]) -> list[Node]:
    listening = [each for each in endpoints if each.transport]
    return [Node("transportConnector", {"name": each.name, "uri": _transport_uri(each)}) for each in listening]


def _transport_uri(endpoint: Port) -> str:
    options = f"maximumConnections={CONNECTIONS_PER_PROTOCOL}&wireFormat.maxFrameSize={LARGEST_FRAME}"
    return f"{endpoint.transport}://0.0.0.0:{endpoint.port}?{options}"


def _wrap(name: str, *children: Node) -> Node:
    return Node(name, {}, children)
