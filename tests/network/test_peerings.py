"""The states of a peering, as AWS has them, and what each verb refuses."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.network import peerings
from lab.network.vpc import Network, PeeringState
from tests.network.networks import NOW, WEEK, network, peered


def asked(of: Network) -> Network:
    return peerings.request(of, name="p", requester="tokyo", accepter="singapore", at=NOW).network


def state(of: Network, name: str = "p") -> PeeringState:
    return of.peering(name).state


def test_a_request_waits_and_is_accepted_rejected_or_taken_back() -> None:
    pending = asked(network())
    assert state(pending) == "pending-acceptance"
    assert state(peerings.accept(pending, "p", at=NOW)) == "active"
    assert state(peerings.reject(pending, "p", at=NOW)) == "rejected"
    assert state(peerings.delete(pending, "p", at=NOW)) == "deleted"
    assert state(peerings.delete(peerings.accept(pending, "p", at=NOW), "p", at=NOW)) == "deleted"


def test_a_request_expires_after_a_week_of_the_labs_clock_and_not_before() -> None:
    pending = asked(network())
    almost = WEEK - WEEK / 1000
    assert state(peerings.accept(pending, "p", at=almost)) == "active"
    assert state(pending.at(almost)) == "pending-acceptance"
    assert state(pending.at(WEEK)) == "expired"
    with pytest.raises(InputError, match="is expired, since it was not accepted within 7 days"):
        peerings.accept(pending, "p", at=WEEK)
    # what is active does not expire
    assert state(peerings.accept(pending, "p", at=NOW).at(10 * WEEK)) == "active"


@pytest.mark.parametrize("block", ["10.1.0.0/16", "10.1.128.0/17", "10.0.0.0/15"])
def test_vpcs_that_overlap_fail_at_once(block: str) -> None:
    failed = asked(network(singapore=block))
    assert state(failed) == "failed"
    for verb in (peerings.accept, peerings.reject, peerings.delete):
        with pytest.raises(InputError, match=r"InvalidStateTransition.* is failed"):
            verb(failed, "p", at=NOW)


def test_two_vpcs_have_one_peering_at_most_whoever_asks() -> None:
    with pytest.raises(InputError, match="VpcPeeringConnectionAlreadyExists"):
        peerings.request(asked(network()), name="q", requester="singapore", accepter="tokyo", at=NOW)
    gone = peerings.delete(peered(network()), "tokyo-singapore", at=NOW)
    again = peerings.request(gone, name="tokyo-singapore", requester="singapore", accepter="tokyo", at=NOW)
    # it is another one, and the name means the newest
    assert again.peering.id != gone.peering("tokyo-singapore").id
    assert again.network.peering("tokyo-singapore") == again.peering


def test_an_id_is_the_same_in_each_run() -> None:
    first, second = (asked(network()).peering("p").id for _ in range(2))
    assert first == second
    assert first.startswith("pcx-") and len(first) == 21


def test_a_peering_needs_two_vpcs_that_a_link_joins() -> None:
    with pytest.raises(InputError, match="cannot peer with itself"):
        peerings.request(network(), name="p", requester="tokyo", accepter="tokyo", at=NOW)
    with pytest.raises(InputError, match="'osaka' does not exist"):
        peerings.request(network(), name="p", requester="tokyo", accepter="osaka", at=NOW)
