"""The table of what is modelled: it has all that the service permits, and refuses by name and place."""

from __future__ import annotations

import pytest

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.configurations.permitted_elements import permitted, versions
from lab.amazonmq.configurations.sanitising import sanitise
from lab.simulation.broker.support import unmodelled
from lab.simulation.support import Kind, tables
from tests.simulation.broker.bench import NAMESPACE

REFUSES = f"""<broker {NAMESPACE} persistent="true" schedulerSupport="true">
  <destinationPolicy><policyMap><policyEntries>
    <policyEntry queue="&gt;" memoryLimit="much" prioritizedMessages="true" producerFlowControl="false"/>
    <policyEntry topic="&gt;" lazyDispatch="true" memoryLimit="64 MB">
      <slowConsumerStrategy><abortSlowConsumerStrategy maxSlowCount="3"/></slowConsumerStrategy>
    </policyEntry>
  </policyEntries></policyMap></destinationPolicy>
  <plugins><timeStampingBrokerPlugin ttlCeiling="1"/><discardingDLQBrokerPlugin/></plugins>
  <networkConnectors><networkConnector name="a" userName="u" uri="static:(ssl://h:61617)"/></networkConnectors>
</broker>"""


def test_the_table_has_what_the_service_permits_and_no_more() -> None:
    table = {(element, name): its for element, lines in tables().items() for name, its in lines.items()}
    names = set()
    for version in versions():
        its = permitted(version)
        assert its is not None
        for name, element in its.elements.items():
            names.add((name, "element"))
            if name in tables() and tables()[name]["element"].kind is not Kind.REFUSED:
                names |= {(name, each) for each in element.attributes}
    of_connectors = {(element, name) for element, name in {*names, *table} if element.startswith("networkConnector")}
    assert sorted(names - set(table) - of_connectors) == []
    assert sorted(set(table) - names - of_connectors) == []


def test_each_line_of_the_table_says_what_becomes_of_it_and_why() -> None:
    for element, lines in tables().items():
        for name, support in lines.items():
            assert bool(support.why) is (support.kind is not Kind.MODELLED), (element, name)


def test_what_is_not_modelled_is_refused_by_name_with_its_place() -> None:
    found = [str(each).splitlines()[:-1] for each in unmodelled(read(REFUSES.encode(), "tokyo.xml"))]
    assert found == [
        [
            'tokyo.xml:1:74: the simulation has no model of schedulerSupport="true" of <broker>',
            "  leave it out, or run it with --runtime emulation",
        ],
        [
            'tokyo.xml:3:31: the simulation has no model of memoryLimit="much" of <policyEntry>',
            "  write a number of octets, or one of kb, mb or gb",
        ],
        [
            'tokyo.xml:4:31: the simulation has no model of lazyDispatch="true" of <policyEntry>',
            "  leave it out, or run it with --runtime emulation",
        ],
        [
            "tokyo.xml:5:29: the simulation has no model of <abortSlowConsumerStrategy>",
            "  leave it out, or run it with --runtime emulation",
        ],
        [
            "tokyo.xml:8:54: the simulation has no model of <discardingDLQBrokerPlugin>",
            "  use discarding in a policyEntry, which is modelled",
        ],
    ]


@pytest.mark.parametrize("name", ["policyEntry", "authorizationEntry"])
def test_an_entry_about_a_queue_and_a_topic_is_refused_at_the_second(name: str) -> None:
    text = f'<broker {NAMESPACE}>\n<{name} queue="a.&gt;" topic="prices.&gt;"/><{name} topic="b"/></broker>'
    [found] = unmodelled(read(text.encode(), "tokyo.xml"))
    assert str(found).splitlines() == [
        f"tokyo.xml:2:{18 + len(name)}: the simulation has no model of "
        f'queue="a.>" and topic="prices.>" on one <{name}>',
        "  write an entry for each of the two destinations",
    ]


@pytest.mark.parametrize("version", versions())
def test_the_services_own_configuration_is_modelled_whole(version: str) -> None:
    assert list(unmodelled(sanitise(default_configuration(), version).configuration)) == []
