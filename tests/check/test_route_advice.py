"""An expectation that no message can meet is advised on, with its remedy; what may come true, or is meant, is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.check.route_advice import advise_on_expectations
from lab.check.scenario import check
from lab.declare.loading import load

_BROKER = """    {name}:
      region: {region}
      broker-id: {broker_id}
      users: {{bridge: {{password: a-password-of-14}}}}
"""
_IDS = {
    "dub": "b-11111111-0000-4000-8000-000000000000",
    "bom": "b-22222222-0000-4000-8000-000000000000",
    "fra": "b-33333333-0000-4000-8000-000000000000",
}
_AWS = {"dub": "eu-west-1", "bom": "ap-south-1", "fra": "eu-central-1"}
_INCLUDED = "<dynamicallyIncludedDestinations>{}</dynamicallyIncludedDestinations>"
OTHERS = _INCLUDED.format('<topic physicalName="weather"/><queue physicalName="weather"/>')
SEND = "publish: {broker: dub, over: stomp, topic: prices}"
HEAR = "subscribe: {client: mumbai, broker: bom, over: stomp, topic: prices}"
NEAR = "subscribe: {client: dublin, broker: dub, over: stomp, topic: prices}"
DELIVERED = "delivered: {to: mumbai, promise: exactly-once}"
TO_ORDERS = "publish: {broker: dub, over: stomp, queue: orders}"
TAKE = "subscribe: {client: mumbai, broker: bom, over: stomp, queue: orders}"
TAKE_NEAR = "subscribe: {client: dublin, broker: dub, over: stomp, queue: orders}"


def written(lists: str, more: str = "", attributes: str = 'duplex="true"') -> str:
    """Return a topology of two brokers, whose one connector has lists, and more brokers."""
    remote = f"{_IDS['bom']}-1.mq.{_AWS['bom']}.amazonaws.com"
    text = "topology:\n  topology: two\n  regions:\n"
    for name, aws in _AWS.items():
        text += f"    {name}: {{aws-region: {aws}, vpc: 10.{1 + [*_AWS].index(name)}.0.0/16}}\n"
    text += "  peerings:\n    dub-bom: {requester: dub, accepter: bom}\n"
    text += "  links:\n    - {between: [dub, bom], link: aws}\n  route-tables:\n"
    for number, name in enumerate(("dub", "bom")):
        to = f"{{destination: 10.{2 - number}.0.0/16, peering: dub-bom}}"
        text += f"    rtb-{name}: {{region: {name}, routes: [{to}]}}\n"
    text += "  brokers:\n"
    text += _BROKER.format(name="dub", region="dub", broker_id=_IDS["dub"])
    text += f"""      configuration: |
        <broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors>
          <networkConnector name="to-bom" userName="bridge" {attributes}
            uri="static:(ssl://{remote}:61617)">{lists}</networkConnector>
        </networkConnectors></broker>
"""
    text += _BROKER.format(name="bom", region="bom", broker_id=_IDS["bom"])
    return text + more


def told(folder: Path, steps: list[str], *expectations: str, topology: str = "") -> list[tuple[str, str | None]]:
    path = folder / "scenario.yaml"
    text = f"scenario: s\n{topology or written(OTHERS)}steps:\n" + "".join(f"  - {step}\n" for step in steps)
    path.write_text(text + "expect:\n" + "".join(f"  - {expectation}\n" for expectation in expectations))
    scenario = load(path, environment={})
    assert [each.what for each in check(scenario)] == [], "none of them is a Problem"
    return [(each.what, each.remedy) for each in advise_on_expectations(scenario)]


def test_a_topic_that_the_connector_does_not_include_is_told_with_its_remedy(tmp_path: Path) -> None:
    ((what, remedy),) = told(tmp_path, [HEAR, SEND], DELIVERED)
    assert what == (
        "delivered cannot pass: a message sent to topic://prices at dub does not reach bom: "
        "to-bom includes only other destinations"
    )
    assert remedy == (
        'at to-bom, add <topic physicalName="prices"/> to dynamicallyIncludedDestinations; '
        "or write promise: nothing, if no message may arrive"
    )


def test_the_place_is_that_of_the_expectation(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    text = f"scenario: s\n{written(OTHERS)}steps:\n  - {HEAR}\n  - {SEND}\nexpect:\n  - {DELIVERED}\n"
    path.write_text(text)
    (advice,) = advise_on_expectations(load(path, environment={}))
    assert advice.place is not None and advice.place.line == len(text.splitlines())


@pytest.mark.parametrize(
    ("steps", "expectation"),
    [
        ([TAKE, TO_ORDERS], "delivered: {queue: orders, promise: at-least-once}"),
        ([HEAR, NEAR, SEND], "delivered: {topic: prices, promise: at-least-once}"),  # bom's lost, dub's not
        ([HEAR.replace("prices", '"p.>"'), SEND.replace("prices", "p.eur")], DELIVERED),
        ([HEAR, SEND], "latency: {direction: [dub, bom], p99: 1s}"),
        ([HEAR, SEND], "finished: {step: publish, within: 5s}"),
        ([HEAR, SEND], "forwarded: {broker: dub, topic: prices, count: 1}"),
        ([HEAR, "cut: {link: dub-bom}", SEND], "recovered: {after: cut, within: 5s}"),
    ],
)
def test_whatever_expectations_that_messages_come_is_told(tmp_path: Path, steps: list[str], expectation: str) -> None:
    ((what, _),) = told(tmp_path, steps, expectation)
    assert what.startswith(f"{expectation.partition(':')[0]} cannot pass: ") and "includes only other" in what


@pytest.mark.parametrize(
    "expectation",
    [
        "delivered: {to: mumbai, promise: nothing}",
        "delivered: {to: mumbai, promise: at-most-once}",
        "duplicates: {to: mumbai}",
        "forwarded: {broker: dub, topic: prices, count: 0}",
        "forwarded: {broker: dub, topic: prices, count: {at-most: 5}}",
        "demand: {broker: dub, topic: prices, present: no}",
        "counters: {broker: bom, topic: prices, enqueued: 0}",
    ],
)
def test_a_expectation_that_nothing_comes_is_told_nothing(tmp_path: Path, expectation: str) -> None:
    assert told(tmp_path, [HEAR, SEND], expectation) == []


@pytest.mark.parametrize(
    ("steps", "expectation"),
    [
        (
            [TAKE, TAKE.replace("mumbai", "dublin").replace("bom", "dub"), TO_ORDERS],
            "delivered: {promise: exactly-once}",
        ),
        ([HEAR, NEAR, SEND], "delivered: {to: {any: [mumbai, dublin]}, promise: at-least-once}"),
        ([HEAR, NEAR, SEND], "delivered: {to: dublin, promise: at-least-once}"),
        ([HEAR, NEAR, SEND], "latency: {p99: 1s}"),
        ([NEAR, SEND, HEAR], "delivered: {promise: exactly-once}"),  # nothing is expected at bom's
        ([NEAR, HEAR, "unsubscribe: {client: mumbai}", SEND], "delivered: {promise: exactly-once}"),
        ([HEAR.replace("}", ", selector: \"a = 'b'\"}"), NEAR, SEND], "delivered: {promise: exactly-once}"),
        ([HEAR, NEAR, SEND.replace("}", ", expiry: 1s}")], "delivered: {promise: exactly-once}"),
        ([HEAR, NEAR, f"{SEND}\n    fails: yes"], "delivered: {promise: exactly-once}"),
        (  # of another queue than the one that no message gets to
            [
                TAKE,
                TAKE_NEAR.replace("queue: orders", "queue: returns"),
                TO_ORDERS,
                TO_ORDERS.replace("orders", "returns"),
            ],
            "delivered: {to: dublin, promise: exactly-once}",
        ),
        ([f"together: [{{{HEAR}}}, {{{NEAR}}}, {{{SEND}}}]"], "delivered: {promise: exactly-once}"),
    ],
)
def test_a_expectation_that_may_come_true_is_told_nothing(tmp_path: Path, steps: list[str], expectation: str) -> None:
    assert told(tmp_path, steps, expectation) == []


@pytest.mark.parametrize(
    "step",
    [
        "update-broker: {broker: bom, configuration: bom-configuration, revision: 1}",
        "create-user: {broker: dub, user: writer, password: a-password-of-14}",
        "delete-peering: {peering: dub-bom}",
        "reboot: {broker: dub}",
    ],
)
def test_nothing_is_told_where_a_step_changes_what_routes_rest_on(tmp_path: Path, step: str) -> None:
    found = told(tmp_path, [HEAR, step, SEND], DELIVERED)
    assert (found == []) is (not step.startswith("reboot")), "what is rebooted comes back as it was"


def test_what_a_connector_includes_is_told_nothing(tmp_path: Path) -> None:
    prices = _INCLUDED.format('<topic physicalName="prices"/>')
    assert told(tmp_path, [HEAR, SEND], DELIVERED, topology=written(prices)) == []


def test_a_way_on_which_there_is_no_bridge_is_told(tmp_path: Path) -> None:
    back = [NEAR, SEND.replace("dub", "bom")]
    ((what, remedy),) = told(
        tmp_path, back, "delivered: {to: dublin, promise: exactly-once}", topology=written("", attributes="")
    )
    assert what.endswith("at bom does not reach dub: no bridge leads there, over whatever brokers")
    assert remedy and remedy.startswith('add a connector from bom to dub, or write duplex="true" in a connector to bom')


def test_a_broker_fed_by_its_own_configuration_is_told_nothing(tmp_path: Path) -> None:
    fed = """      configuration: |
        <broker xmlns="http://activemq.apache.org/schema/core"><destinationInterceptors><virtualDestinationInterceptor>
          <virtualDestinations><compositeTopic name="weather" forwardOnly="false"><forwardTo>
            <topic physicalName="prices"/></forwardTo></compositeTopic></virtualDestinations>
        </virtualDestinationInterceptor></destinationInterceptors></broker>
"""
    assert told(tmp_path, [HEAR, SEND], DELIVERED, topology=written(OTHERS) + fed) == []


@pytest.mark.parametrize("path", sorted(shipped("scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_of_what_ships_those_are_advised_on_that_are_such_a_mistake(path: Path) -> None:
    meant = {
        "hub-and-spokes-fails": 2,  # its topics' connectors have a networkTTL of 1
        "mqtt-stomp-amqp-fails": 3,  # no connector leads to Tokyo
        "tokyo-singapore-fails": 1,  # neither here
    }
    assert len([*advise_on_expectations(load(path, environment={}))]) == meant.get(path.stem, 0)
