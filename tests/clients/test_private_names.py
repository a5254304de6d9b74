"""The clients use names that their libraries do not promise: each is there, and does what it is used for."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import cproton
import paho.mqtt.client as paho
import proton
import pytest
import stomp.transport
import websocket
from paho.mqtt.enums import CallbackAPIVersion
from stomp.protocol import Protocol12
from stomp.utils import PollableQueue

import lab.clients


def names_of(module: str) -> list[str]:
    """Return each name of proton's library that our engine takes."""
    tree = ast.parse(Path(lab.clients.__file__).with_name("amqp_engine.py").read_text(encoding="utf-8"))
    return sorted(
        {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
        }
    )


@pytest.mark.parametrize("name", names_of("lib"))
def test_protons_library_has(name: str) -> None:
    assert hasattr(cproton.lib, name)


@pytest.mark.parametrize("name", names_of("ffi"))
def test_protons_foreign_function_interface_has(name: str) -> None:
    assert hasattr(cproton.ffi, name)


@pytest.mark.parametrize("wrapper", [proton.Collector, proton.Connection], ids=lambda wrapper: str(wrapper.__name__))
def test_a_wrapper_of_protons_keeps_what_it_wraps_as_impl(wrapper: Any) -> None:
    assert isinstance(wrapper()._impl, cproton.ffi.CData)


@pytest.mark.parametrize("wrapper", [proton.Delivery, proton.Event], ids=lambda wrapper: str(wrapper.__name__))
def test_a_wrapper_of_protons_is_made_by_wrap(wrapper: Any) -> None:
    assert wrapper.wrap(cproton.ffi.NULL) is None
    assert list(inspect.signature(wrapper.wrap).parameters) == ["impl"]


def test_paho_makes_its_socket_by_create_socket() -> None:
    class Asked(Exception):
        pass

    class Client(paho.Client):
        def _create_socket(self) -> Any:
            raise Asked

    with pytest.raises(Asked):
        Client(CallbackAPIVersion.VERSION2).connect("nowhere.invalid")


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
