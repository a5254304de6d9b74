"""Only what a broker accepted is owed, once, to each subscription of a topic and to one of a queue's consumers."""

from __future__ import annotations

from lab.replay.outstanding import Outstanding


def listening(*clients: str, to: str = "topic://a") -> Outstanding:
    outstanding = Outstanding(lambda source, target: source == target)
    for client in clients:
        outstanding.subscribed(client, "tokyo", to)
    return outstanding


def test_nothing_is_owed_before_the_broker_accepts() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "tokyo", "topic://a", 2, given=False)
    assert outstanding.nothing()
    outstanding.accepted("2-1")
    assert not outstanding.nothing()
    assert outstanding.received("one", "topic://a", "2-1", None)
    assert outstanding.nothing()


def test_a_receipt_may_be_faster_than_the_outcome() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "tokyo", "topic://a", 2, given=False)
    assert not outstanding.received("one", "topic://a", "2-1", None)
    outstanding.accepted("2-1")
    assert outstanding.nothing()


def test_a_duplicate_does_not_stand_for_what_is_missing() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "tokyo", "topic://a", 2, given=False)
    outstanding.accepted("2-1")
    outstanding.accepted("2-2")
    for _ in range(3):
        outstanding.received("one", "topic://a", "2-1", None)
    assert not outstanding.nothing()


def test_every_topic_subscription_is_owed_but_only_one_of_a_queue() -> None:
    for to, content in (("topic://a", False), ("queue://a", True)):
        outstanding = listening("one", "two", to=to)
        outstanding.publishing(3, "tokyo", to, 1, given=False)
        outstanding.accepted("3-1")
        outstanding.received("two", to, "3-1", None)
        assert outstanding.nothing() is content


def test_those_out_of_reach_or_gone_are_owed_nothing() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "singapore", "topic://a", 1, given=False)
    outstanding.accepted("2-1")
    assert outstanding.nothing()
    outstanding.publishing(3, "tokyo", "topic://a", 1, given=False)
    outstanding.accepted("3-1")
    outstanding.unsubscribed("one", "topic://a")
    assert outstanding.nothing()


def test_given_bodies_are_counted_by_digest_and_foreign_ones_are_not() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "tokyo", "topic://a", 2, given=True)
    for each in ("2-1", "2-2"):
        outstanding.sent("same")
        outstanding.accepted(each)
    outstanding.received("one", "topic://a", None, "foreign")
    outstanding.received("one", "topic://a", None, "same")
    assert not outstanding.nothing()
    outstanding.received("one", "topic://a", None, "same")
    assert outstanding.nothing()


def test_a_given_body_of_unknown_outcome_is_listened_for_to_the_end() -> None:
    outstanding = listening("one")
    outstanding.publishing(2, "tokyo", "topic://a", 2, given=True)
    outstanding.sent("same")
    outstanding.accepted("2-1")
    outstanding.doubtful("2-2")
    outstanding.received("one", "topic://a", None, "same")
    assert not outstanding.nothing()
