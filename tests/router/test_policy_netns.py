"""A policy at work on real packets, in network namespaces: what passes, what is dropped, and what is told of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.router import namespaces
from tests.router.namespaces import PUBLISHED, ROUTER_OUTSIDE, A, B, Bed
from tests.router.test_link_netns import BULK, ECHO, HELD, TCP, UDP, ask, program

pytestmark = pytest.mark.netns

ALL = [["all", 0, 65535]]
SLOW = {"delay_us": 2_000, "loss": 0.005, "rate_bps": 20_000_000}  # so slow that 8 MiB take some seconds
PORT = 8883


def way(source: str, target: str, into: Sequence[Any] = (), out: Sequence[Any] = ALL, stop: str = "") -> dict[str, Any]:
    return {
        "from": source,
        "to": target,
        "stop": stop,
        "out": list(out),
        "no_out": f"no egress rule for {{what}} to {target}",
        "in": list(into),
        "no_in": f"no ingress rule for {{what}} from {source}",
    }


def policy(*ways: Mapping[str, Any]) -> dict[str, Any]:
    return {"ways": list(ways)}


OPEN = policy(way(A, B, [["tcp", PORT, PORT]]), way(B, A), way("internet", A), way("internet", B))
CLOSED = policy(way(A, B), way(B, A), way("internet", A), way("internet", B))


def told(bed: Bed) -> dict[str, int]:
    answer = bed.policy(do="get")
    assert answer["ok"], answer
    return {each["cause"]: each["packets"] for each in answer["dropped"]}


def test_what_no_rule_lets_in_is_dropped_and_told(bed: Bed) -> None:
    with bed.router(namespaces.config(policy=CLOSED)), program(bed, "b", ECHO, PORT):
        assert ask(bed, "a", TCP, B, PORT, 0.4) == "timeout"
        assert ask(bed, "a", UDP, B, 3, 0.3) == "0"
        assert told(bed) == {f"no ingress rule for tcp {PORT} from {A}": 1, f"no ingress rule for udp 7007 from {A}": 3}
        assert bed.policy(do="set", policy=OPEN)["ok"]
        assert ask(bed, "a", TCP, B, PORT, 5) == "ok"
        assert ask(bed, "a", TCP, B, PORT + 1, 0.4) == "timeout"
        # what was dropped before the change is still told
        assert told(bed)[f"no ingress rule for udp 7007 from {A}"] == 3
        assert told(bed)[f"no ingress rule for tcp {PORT + 1} from {A}"] == 1


def test_a_known_connection_goes_on_when_its_rule_is_revoked_and_a_new_one_does_not(bed: Bed) -> None:
    with (
        bed.router(namespaces.config(policy=OPEN)),
        program(bed, "b", ECHO, PORT),
        program(bed, "a", HELD, B, PORT) as held,
    ):
        assert bed.policy(do="set", policy=CLOSED)["ok"]
        assert ask(bed, "a", TCP, B, PORT, 0.4) == "timeout"
        assert held.communicate("go\n", timeout=10)[0] == "two\n"


def test_without_a_route_a_known_connection_stops_too(bed: Bed) -> None:
    gone = policy(way(A, B, stop="no route there"), way(B, A), way("internet", A), way("internet", B))
    with (
        bed.router(namespaces.config(policy=OPEN)),
        program(bed, "b", ECHO, PORT),
        program(bed, "a", HELD, B, PORT) as held,
    ):
        assert bed.policy(do="set", policy=gone)["ok"]
        with pytest.raises(subprocess.TimeoutExpired):
            held.communicate("go\n", timeout=1.5)
        assert told(bed)["no route there"] >= 1


def test_without_a_way_back_the_answer_is_what_is_dropped(bed: Bed) -> None:
    back = policy(way(A, B, [["tcp", PORT, PORT]]), way(B, A, stop="no way back"))
    with bed.router(namespaces.config(policy=back)), program(bed, "b", ECHO, PORT):
        assert ask(bed, "a", TCP, B, PORT, 0.4) == "timeout"
        assert set(told(bed)) == {"no way back"}


def test_what_no_rule_lets_out_is_dropped_and_told(bed: Bed) -> None:
    narrow = policy(way(A, B, ALL, [["tcp", 1, 5000], ["tcp", PORT, PORT], ["tcp", 4000, 6000]]), way(B, A))
    with bed.router(namespaces.config(policy=narrow)), program(bed, "b", ECHO, PORT):
        assert ask(bed, "a", TCP, B, PORT, 5) == "ok"
        assert ask(bed, "a", TCP, B, 5500, 5) == "ECONNREFUSED"  # it got there, and nobody listens
        assert ask(bed, "a", TCP, B, 7007, 0.4) == "timeout"
        assert ask(bed, "a", UDP, B, 2, 0.3) == "0"
        assert told(bed) == {f"no egress rule for tcp 7007 to {B}": 1, f"no egress rule for udp 7007 to {B}": 2}


def test_the_internet_needs_a_way_and_a_rule_too(bed: Bed) -> None:
    mine = policy(way("internet", A, [["tcp", PORT, PORT]]), way("internet", B))
    published = [{"port": PUBLISHED, "to": f"{A}:{PORT}"}, {"port": PUBLISHED + 1, "to": f"{B}:{PORT}"}]
    with (
        bed.router(namespaces.config(policy=mine, published=published)),
        program(bed, "a", ECHO, PORT),
        program(bed, "b", ECHO, PORT),
    ):
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED, 5) == "ok"
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED + 1, 0.4) == "timeout"
        assert told(bed) == {f"no ingress rule for tcp {PORT} from internet": 1}
        private = policy(way("internet", A, ALL, stop="it is not public"), way("internet", B, ALL))
        assert bed.policy(do="set", policy=private)["ok"]
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED, 0.4) == "timeout"
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED + 1, 5) == "ok"
        assert told(bed)["it is not public"] == 1


def test_management_always_passes(bed: Bed) -> None:
    published = [{"port": PUBLISHED, "to": f"{A}:8778"}]
    with (
        bed.router(namespaces.config(policy=policy(way("internet", A, stop="private")), published=published)),
        program(bed, "a", ECHO, 8778),
    ):
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED, 5) == "ok"


def test_what_has_ended_refuses_from_everywhere_until_it_is_back(bed: Bed) -> None:
    published = [{"port": PUBLISHED, "to": f"{B}:{PORT}"}]
    with bed.router(namespaces.config(published=published)), program(bed, "b", ECHO, PORT):
        answer = bed.policy(do="ended", addresses=[B])
        assert answer["ok"], answer
        assert ask(bed, "a", TCP, B, PORT, 5) == "ECONNREFUSED"
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED, 5) == "ECONNREFUSED"
        assert bed.policy(do="ended", addresses=[])["ok"]
        assert ask(bed, "a", TCP, B, PORT, 5) == "ok"


@pytest.mark.release
def test_many_megabytes_cross_a_policy_that_changes_while_they_do(bed: Bed) -> None:
    with bed.router(namespaces.config(SLOW, policy=OPEN)), program(bed, "b", ECHO, PORT):
        command = bed.python("a", BULK, B, PORT, 8 << 20)
        sending = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        changes = 0
        while sending.poll() is None:
            assert bed.policy(do="set", policy=(OPEN, CLOSED)[changes % 2])["ok"]
            changes += 1
            time.sleep(0.01)
        assert sending.communicate()[0] == "True\n"
        assert changes > 1
        # a connection under way is known, so nothing of it was ever dropped
        assert told(bed) == {}


def test_a_bad_policy_changes_nothing(bed: Bed) -> None:
    with bed.router(namespaces.config(policy=OPEN)), program(bed, "b", ECHO, PORT):
        for wrong in ({}, {"ways": [{"from": A}]}, policy(way(A, "nowhere")), policy(way(A, B), way(A, B))):
            answer = bed.policy(do="set", policy=wrong)
            assert not answer["ok"]
        assert ask(bed, "a", TCP, B, PORT, 5) == "ok"


def test_a_router_without_a_policy_takes_one_later(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "b", ECHO, PORT), program(bed, "a", HELD, B, PORT) as held:
        assert bed.policy(do="get")["policy"] is False
        assert bed.policy(do="set", policy=CLOSED)["ok"]
        assert ask(bed, "a", TCP, B, PORT, 0.4) == "timeout"
        assert held.communicate("go\n", timeout=10)[0] == "two\n"  # it was known all along
