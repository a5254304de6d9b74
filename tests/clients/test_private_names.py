"""The clients use names that stomp.py and websocket-client do not promise: each is there, and does its work."""

from __future__ import annotations

import inspect

import pytest
import stomp.transport
import websocket
from stomp.protocol import Protocol12
from stomp.utils import PollableQueue


@pytest.mark.parametrize("name", ["_putsocket", "_getsocket"])
def test_stomps_queue_wakes_its_loop_by(name: str) -> None:
    queue = PollableQueue()
    assert hasattr(queue, name)
    queue.shutdown()


def test_stomps_queue_is_polled_by_getsocket() -> None:
    queue = PollableQueue()
    assert queue.fileno() == queue._getsocket.fileno()
    queue.shutdown()


@pytest.mark.parametrize(
    "name",
    [
        "_BaseTransport__recvbuf", "blocking", "current_host_and_port", "io_thread", "listeners", "running", "sel",
        "send_queue",
    ],
)  # fmt: skip
def test_stomps_transport_keeps(name: str) -> None:
    assert name in vars(stomp.transport.Transport())


@pytest.mark.parametrize("name", ["attempt_connection", "receive", "disconnect_socket", "cleanup", "shutdown_queue"])
def test_stomps_transport_has_the_method_that_ours_replaces(name: str) -> None:
    assert name in vars(stomp.transport.Transport)


def test_stomps_patience_with_heartbeats_is_handed_in() -> None:
    assert "heart_beat_receive_scale" in inspect.signature(Protocol12.__init__).parameters


def test_websocket_clients_frame_buffer_goes_on_where_it_was_interrupted() -> None:
    waiting = [b"\x82\x05he", b"llo"]

    def take(size: int) -> bytes:
        if not waiting:
            raise BlockingIOError
        octets, waiting[0] = waiting[0][:size], waiting[0][size:]
        if not waiting[0]:
            del waiting[0]
        return octets

    frames = websocket.frame_buffer(take, True)
    rest = waiting.pop()
    with pytest.raises(BlockingIOError):
        frames.recv_frame()
    waiting.append(rest)
    frame = frames.recv_frame()
    assert (frame.opcode, frame.data) == (websocket.ABNF.OPCODE_BINARY, b"hello")
