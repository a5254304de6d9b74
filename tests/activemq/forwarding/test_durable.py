"""Where a topic's message waits for a durable subscriber that is away, as real brokers were seen to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lab.activemq.forwarding.durable import Absence, kept_on, taken_up_too
from lab.activemq.forwarding.network import Bridge
from lab.activemq.forwarding.settings import Forwarding, forwarding

NEWS = "topic://news"
LEFT, REOPENED, RESTARTED, UNSEEN = Absence.LEFT, Absence.REOPENED, Absence.RESTARTED, Absence.UNSEEN


def bridge(source: str, target: str, rules: Forwarding | None = None, *, by: str = "") -> Bridge:
    """Return a bridge whose connector its source has, or else `by`."""
    return Bridge(
        connector=f"{source}-{target}", initiator=by or source, source=source, target=target,
        forwarding=rules or Forwarding(),
    )  # fmt: skip


def one(*, by: str = "a", **rules: object) -> Mapping[Absence, str | None]:
    return kept_on([bridge("a", "b", replace(Forwarding(), **rules), by=by)], NEWS)


def test_what_a_bridge_subscribed_for_goes_on_until_it_is_lost() -> None:
    """A connector has the list of durable topics of its broker's start; a responding end asks for it each time."""
    assert one() == {LEFT: "b", REOPENED: "a", RESTARTED: "b", UNSEEN: None}
    assert one(by="b") == {LEFT: "b", REOPENED: "b", RESTARTED: "b", UNSEEN: None}


@pytest.mark.parametrize("by", ["a", "b"])
def test_dynamic_only_takes_up_nothing_before_the_subscriber_is_back(by: str) -> None:
    assert one(dynamic_only=True, by=by) == {LEFT: "b", REOPENED: "a", RESTARTED: "a", UNSEEN: None}


@pytest.mark.parametrize("by", ["a", "b"])
def test_without_conduit_subscriptions_the_bridges_subscription_goes_with_its_consumer(by: str) -> None:
    assert one(conduit_subscriptions=False, by=by) == {LEFT: "a", REOPENED: "a", RESTARTED: "a", UNSEEN: None}


def test_sync_durable_subs_asks_for_what_is_dynamically_included_alone() -> None:
    assert one(sync_durable_subs=True, included=("topic://>",)) == dict.fromkeys(Absence, "b")
    assert one(sync_durable_subs=True) == one()
    assert one(sync_durable_subs=True, included=("topic://>",), dynamic_only=True)[UNSEEN] is None


def test_from_5_19_1_on_the_table_does_not_know_what_a_broker_tells_beyond_one_bridge() -> None:
    rules = {"syncDurableSubs": "true", "networkTTL": "3"}
    old, new = (forwarding(rules, release=each, included=("topic://>",)) for each in ("5.18.3", "5.19.1"))
    assert set(kept_on([bridge("a", "b", old), bridge("b", "c", old)], NEWS)) == set(Absence)
    assert set(kept_on([bridge("a", "b", new), bridge("b", "c", new)], NEWS)) == {LEFT}
    assert kept_on([bridge("a", "b", new)], NEWS) == dict.fromkeys(Absence, "b")
    assert set(kept_on([bridge("a", "b", replace(new, consumer_ttl=0))], NEWS)) == {LEFT}


def test_what_is_statically_included_goes_whoever_is_there() -> None:
    assert one(static=("topic://news",), dynamic_only=True, conduit_subscriptions=False) == dict.fromkeys(Absence, "b")


def test_durable_destinations_are_the_connectors_list() -> None:
    assert one(durable=(NEWS,))[REOPENED] == "b"
    assert one(durable=("topic://other",))[RESTARTED] == "a"


def test_over_several_bridges_it_goes_as_far_as_they_have_subscriptions() -> None:
    lazy = replace(Forwarding(), conduit_subscriptions=False)
    first, last = bridge("a", "b"), bridge("b", "c")
    assert kept_on([first, last], NEWS)[LEFT] == "c"
    assert kept_on([first, bridge("b", "c", lazy)], NEWS)[LEFT] == "b"
    # the subscription of the second bridge is a consumer for the first, which so has one whatever it does by itself
    assert kept_on([bridge("a", "b", lazy), last], NEWS)[LEFT] == "c"
    assert kept_on([first, bridge("b", "c", by="c")], NEWS)[REOPENED] == "c"
    assert kept_on([first, bridge("b", "c", replace(Forwarding(), static=(NEWS,)))], NEWS)[UNSEEN] == "c"


def test_a_bridge_takes_up_what_one_had_whose_client_id_begins_with_its_connectors_name() -> None:
    way = bridge("a", "b")  # of a-b, whose client id is a-b_b_inbound_a
    assert way.client_id == "a-b_b_inbound_a"

    def too(name: str, absence: Absence = RESTARTED, by: str = "a", **rules: object) -> bool:
        its = Bridge(connector=name, initiator=by, source="a", target="c", forwarding=replace(Forwarding(), **rules))
        return taken_up_too([way, its], [way], NEWS, absence) == (its,)

    assert all(too(name) for name in ("a-b", "a-", "a-b_b"))
    assert not any(too(name) for name in ("b", "a-b_c", "a-c"))
    assert not too("a-b", REOPENED) and too("a-b", REOPENED, by="c")
    assert not too("a-b", LEFT) and not too("a-b", UNSEEN)
    assert not too("a-b", dynamic_only=True) and not too("a-b", conduit_subscriptions=False)
    assert not too("a-b", excluded=("topic://>",)) and not too("a-b", durable=("topic://other",))
    own = replace(Forwarding(), conduit_subscriptions=False)  # then its subscription is the consumer's, by its name
    assert not taken_up_too([bridge("a", "c")], [bridge("a", "b", own)], NEWS, RESTARTED)


def test_attributes_are_read_as_activemq_does() -> None:
    its = forwarding({"dynamicOnly": "true", "syncDurableSubs": "yes"}, release="5.18.3", durable=[NEWS])
    assert (its.dynamic_only, its.sync_durable_subs, its.durable) == (True, True, (NEWS,))
    usual = forwarding({}, release="5.18.3")
    assert (usual.dynamic_only, usual.sync_durable_subs, usual.durable) == (False, False, None)
    assert usual.client_id_token == "_" and forwarding({"clientIdToken": "-"}, release="5.18.3").client_id_token == "-"
