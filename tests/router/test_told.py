"""What a policy has dropped is told in full, however many causes there are."""

from __future__ import annotations

from policing import folded


def test_few_causes_are_told_apart() -> None:
    counts = {("a", "b", "in", "no rule for tcp 1"): 3, ("a", "b", "way", "no route"): 7}
    assert folded(counts) == counts


def test_of_many_causes_the_rare_ones_are_added_up_and_no_packet_is_left_out() -> None:
    counts = {("a", "b", "in", f"no rule for tcp {port}"): 5 for port in range(1_000)}
    counts |= {("a", "b", "in", f"no rule for udp {port}"): 2 for port in range(3_000)}
    counts |= {("b", "a", "way", "no route"): 1}
    told = folded(counts)
    assert sum(told.values()) == sum(counts.values())
    assert told["a", "b", "in", "3000 other causes"] == 6_000
    assert told["b", "a", "way", "1 other cause"] == 1
    assert len(told) == 1_002
