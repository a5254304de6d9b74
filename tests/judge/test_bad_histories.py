"""A history that no run writes is refused in words, whatever it holds."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.history import Acknowledged, Header, Observation, Publishing, Received, Sent
from lab.judge import Streamed, judge

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0")


def publishing(count: int | None) -> Publishing:
    return Publishing(
        t=0, step=1, client="p", broker="b", over="mqtt", destination="topic://x", count=count, persistent=True,
        body="generated",
    )  # fmt: skip


@pytest.mark.parametrize(
    "seen",
    [
        [Sent(t=0, id="1-1")],
        [publishing(1), Sent(t=0, id="1-2")],
        [publishing(1), Sent(t=0, id="1-0")],
        [publishing(1), Sent(t=0, id="1-²")],
        [publishing(1), Sent(t=0, id="1-" + "1" * 5000)],
        [publishing(1), Acknowledged(t=0, id="nonsense")],
        [publishing(10**12)],
        [publishing(None), Sent(t=0, id="1-2")],
        [publishing(None), Acknowledged(t=0, id="1-1")],
    ],
)
def test_what_no_run_writes_is_an_input_error(seen: list[Observation]) -> None:
    with pytest.raises(InputError, match="the history is not as a run writes it"):
        judge((), Streamed(HEADER, seen))


def test_a_receipt_that_no_run_could_have_sent_is_counted_and_not_explained() -> None:
    seen = [publishing(1), Received(t=0, client="ear", destination="topic://x", id="1-" + "1" * 5000)]
    (delivery,) = judge((), Streamed(HEADER, seen)).deliveries
    assert delivery.unexpected == 1
