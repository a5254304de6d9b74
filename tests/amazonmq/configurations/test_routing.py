"""What a configuration lets a broker put into destinations that nobody publishes to."""

from __future__ import annotations

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.routing import Routing, routing


def of(inside: str) -> Routing:
    return routing(read(f'<broker xmlns="http://activemq.apache.org/schema/core">{inside}</broker>'.encode(), "a.xml"))


def policy(strategy: str) -> str:
    entry = f'<policyEntry queue="&gt;"><deadLetterStrategy>{strategy}</deadLetterStrategy></policyEntry>'
    return f"<destinationPolicy><policyMap><policyEntries>{entry}</policyEntries></policyMap></destinationPolicy>"


def test_nothing_else_is_filled_without_a_word() -> None:
    assert not of("").may_fill("orders")


def test_a_dead_letter_goes_where_its_strategy_says() -> None:
    its = of(policy('<individualDeadLetterStrategy queuePrefix="DLQ."/>'))
    assert its.may_fill("DLQ.orders")
    assert not its.may_fill("orders")
    shared = '<deadLetterQueue><queue physicalName="graves"/></deadLetterQueue>'
    assert of(policy(f"<sharedDeadLetterStrategy>{shared}</sharedDeadLetterStrategy>")).may_fill("graves")


def test_a_connector_may_ask_for_what_nobody_listens_to() -> None:
    static = '<staticallyIncludedDestinations><queue physicalName="audit.&gt;"/></staticallyIncludedDestinations>'
    connector = '<networkConnector name="a" uri="static:(ssl://b:61617)"{}>{}</networkConnector>'
    its = of(connector.format("", static))
    assert its.may_demand("queue://audit.orders")
    assert not its.may_demand("topic://audit.orders")
    assert of(connector.format(' useVirtualDestSubs="true"', "")).may_demand("topic://audit.orders")
    assert not of(connector.format("", "")).may_demand("queue://audit.orders")


def test_virtual_destinations_may_fill_anything() -> None:
    composite = '<compositeQueue name="in"><forwardTo><queue physicalName="out"/></forwardTo></compositeQueue>'
    inside = f"<virtualDestinations>{composite}</virtualDestinations>"
    interceptor = f"<virtualDestinationInterceptor>{inside}</virtualDestinationInterceptor>"
    assert of(f"<destinationInterceptors>{interceptor}</destinationInterceptors>").may_fill("out")
