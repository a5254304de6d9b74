"""Applications of other libraries, each a process that writes down by itself what it sends, gets and acknowledges.

`python applications.py stomp|mqtt|amqp HOST PORT CA_FILE`, with a login in the environment, reads a command a line:

    receive NAME MODE DESTINATION [selector=… durable=… keep=yes refuse=yes release=yes prefetch=… hold=yes]
    release NAME - -
    send NAME DESTINATION BODY [ttl=MILLISECONDS kind=… qos=… retain=yes]

NAME is the client id. With `keep` messages are not acknowledged, with `refuse` they are rejected, over AMQP with
`release` the first is given back, and over STOMP with `hold` they wait for the command `release`. It writes `receiving
NAME`, `got NAME BODY`, `done NAME BODY` and `sent NAME BODY`. The programs in Java and for Node take the same lines.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

USER, PASSWORD = os.environ.get("APPLICATION_USER", ""), os.environ.get("APPLICATION_PASSWORD", "")
Options = dict[str, str]


def say(*words: str) -> None:
    """Write a line at once: many threads write, and Python 3.11's text streams may lose what two write together."""
    os.write(1, (" ".join(words) + "\n").encode())


class OverStomp:
    """stomp.py; the modes are auto, client and client-individual."""

    def __init__(self, host: str, port: int, ca_file: str) -> None:
        self._hosts, self._ca = [(host, port)], ca_file
        self._senders: dict[str, Any] = {}
        self._released: dict[str, threading.Event] = {}

    def receive(self, name: str, mode: str, destination: str, options: Options) -> None:
        import stomp

        connection = self._connected(name)
        released = self._released[name] = threading.Event()

        class Listener(stomp.ConnectionListener):  # type: ignore[misc]  # it has no types
            def on_receipt(self, frame: Any) -> None:
                say("receiving", name)

            def on_message(self, frame: Any) -> None:
                say("got", name, frame.body)
                if "hold" in options:
                    released.wait()
                if "refuse" in options:
                    connection.nack(frame.headers["ack"])
                elif "keep" not in options:
                    if mode != "auto":
                        connection.ack(frame.headers["ack"])
                    say("done", name, frame.body)

        connection.set_listener("", Listener())
        headers = {"receipt": "subscribed"}
        if "selector" in options:
            headers["selector"] = options["selector"]
        if "durable" in options:
            headers["activemq.subscriptionName"] = options["durable"]
        if "prefetch" in options:
            headers["activemq.prefetchSize"] = options["prefetch"]
        connection.subscribe(_slashed(destination), "1", mode, headers=headers)

    def release(self, name: str, *_: object) -> None:
        self._released[name].set()

    def send(self, name: str, destination: str, body: str, options: Options) -> None:
        import stomp

        class Listener(stomp.ConnectionListener):  # type: ignore[misc]  # it has no types
            def on_receipt(self, frame: Any) -> None:
                say("sent", name, frame.headers["receipt-id"])

        if name not in self._senders:
            self._senders[name] = self._connected(name)
            self._senders[name].set_listener("", Listener())
        headers = {"persistent": "true", "receipt": body}
        if "ttl" in options:
            headers["expires"] = str(int(time.time() * 1000) + int(options["ttl"]))
        if "kind" in options:
            headers["kind"] = options["kind"]
        self._senders[name].send(_slashed(destination), body, headers=headers)

    def _connected(self, name: str) -> Any:
        import stomp

        connection = stomp.Connection12(self._hosts)
        connection.set_ssl(self._hosts, ca_certs=self._ca, ssl_version=ssl.PROTOCOL_TLS_CLIENT)
        connection.connect(USER, PASSWORD, wait=True, headers={"client-id": name})
        return connection


class OverMqtt:
    """paho; the modes are the qualities of service 0, 1 and 2."""

    def __init__(self, host: str, port: int, ca_file: str) -> None:
        self._host, self._port, self._ca = host, port, ca_file
        self._senders: dict[str, Any] = {}

    def receive(self, name: str, mode: str, destination: str, options: Options) -> None:
        def on_message(client: Any, data: Any, message: Any) -> None:
            say("got", name, message.payload.decode())
            if "keep" not in options:
                client.ack(message.mid, message.qos)
                say("done", name, message.payload.decode())

        client = self._client(name, clean="durable" not in options, manual=True)
        client.on_message = on_message
        client.on_connect = lambda *_: client.subscribe(_topic(destination), int(mode))
        client.on_subscribe = lambda *_: say("receiving", name)
        self._connect(client)

    def send(self, name: str, destination: str, body: str, options: Options) -> None:
        if name not in self._senders:
            welcome = threading.Event()
            client = self._senders[name] = self._client(name, clean=True, manual=False)
            client.on_connect = lambda *_: welcome.set()
            self._connect(client)
            welcome.wait(20)
        qos, retain = int(options.get("qos", "1")), "retain" in options
        self._senders[name].publish(_topic(destination), body, qos, retain).wait_for_publish(20)
        say("sent", name, body)

    def _client(self, name: str, *, clean: bool, manual: bool) -> Any:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        return paho.Client(
            CallbackAPIVersion.VERSION2, name, clean_session=clean, protocol=paho.MQTTv311, manual_ack=manual
        )

    def _connect(self, client: Any) -> None:
        client.username_pw_set(USER, PASSWORD)
        client.tls_set(ca_certs=self._ca)
        client.connect(self._host, self._port)
        client.loop_start()


class OverAmqp:
    """proton; the modes are settled and presettled."""

    def __init__(self, host: str, port: int, ca_file: str) -> None:
        self._port = tunnel(host, port, ca_file)  # proton's wheel has no TLS
        self._senders: dict[tuple[str, str], Any] = {}
        self._sent = 0  # the ids of messages begin with 1 at each start

    def receive(self, name: str, mode: str, destination: str, options: Options) -> None:
        threading.Thread(target=self._receive, args=(name, mode, destination, options), daemon=True).start()

    def _receive(self, name: str, mode: str, destination: str, options: Options) -> None:
        from proton import Timeout
        from proton.reactor import AtLeastOnce, AtMostOnce, DurableSubscription, Selector

        how: list[Any] = [AtMostOnce() if mode == "presettled" else AtLeastOnce()]
        if "selector" in options:
            how.append(Selector(options["selector"]))
        if "durable" in options:
            how.append(DurableSubscription())
        connection = self._connected(name)
        where, link = _prefixed(destination), options.get("durable")  # a durable subscription has its link's name
        receiver = connection.create_receiver(where, credit=20, options=how, name=link)
        say("receiving", name)
        while True:
            try:
                message = receiver.receive(timeout=5)
            except Timeout:
                continue
            body = message.body if isinstance(message.body, str) else bytes(message.body).decode()
            say("got", name, body)
            if "refuse" in options:
                receiver.reject()
            elif options.pop("release", None):
                receiver.release()
            elif "keep" not in options:
                if mode == "settled":
                    receiver.accept()
                say("done", name, body)

    def send(self, name: str, destination: str, body: str, options: Options) -> None:
        from proton import Message

        if (name, destination) not in self._senders:
            client_id = f"{name}-{len(self._senders)}" if self._senders else name
            self._senders[name, destination] = self._connected(client_id).create_sender(_prefixed(destination))
        self._sent += 1
        message: Any = Message(body=body, durable=True, id=self._sent)
        if "ttl" in options:
            message.ttl = int(options["ttl"]) / 1000
        if "kind" in options:
            message.properties = {"kind": options["kind"]}
        self._senders[name, destination].send(message)
        say("sent", name, body)

    def _connected(self, name: str) -> Any:
        from proton.reactor import Container
        from proton.utils import BlockingConnection

        container = Container()
        container.container_id = name
        return BlockingConnection(
            f"amqp://127.0.0.1:{self._port}", timeout=20, container=container, user=USER, password=PASSWORD,
            allowed_mechs="PLAIN", sasl_enabled=True,
        )  # fmt: skip


def tunnel(host: str, port: int, ca_file: str) -> int:
    """Return a port of this machine whose connections go on over TLS."""
    listening = socket.create_server(("127.0.0.1", 0))
    context = ssl.create_default_context(cafile=ca_file)

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            end.close()

    def serve() -> None:
        while True:
            near, _ = listening.accept()
            far = context.wrap_socket(socket.create_connection((host, port)), server_hostname=host)
            threading.Thread(target=pump, args=(near, far), daemon=True).start()
            threading.Thread(target=pump, args=(far, near), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return int(listening.getsockname()[1])


def _slashed(destination: str) -> str:
    return "/" + destination.replace(":", "/", 1)


def _topic(destination: str) -> str:
    return destination.removeprefix("topic:").replace(".", "/")


def _prefixed(destination: str) -> str:
    return destination.replace(":", "://", 1)


LIBRARIES: dict[str, Callable[[str, int, str], OverStomp | OverMqtt | OverAmqp]] = {
    "stomp": OverStomp,
    "mqtt": OverMqtt,
    "amqp": OverAmqp,
}


def main(library: str, host: str, port: str, ca_file: str) -> None:
    """Do each command that comes."""
    application = LIBRARIES[library](host, int(port), ca_file)
    for line in sys.stdin:
        command, name, first, second, *more = line.split()
        options = dict(word.split("=", 1) for word in more)
        getattr(application, command)(name, first, second, options)


if __name__ == "__main__":
    main(*sys.argv[1:])
