"""Use every endpoint of the training broker once, so that the classes a first client needs are in the archive too.

Speaks just enough of each protocol by hand; a reply that breaks the protocol ends the build.
"""

import base64
import socket
import ssl
import struct

USER = PASSWORD = "training"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def connect(port: int) -> ssl.SSLSocket:
    """Open a TLS connection; the server's certificate is not checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="localhost")


def text(value: str) -> bytes:
    """Write a string as MQTT does."""
    return struct.pack(">H", len(value)) + value.encode()


def packet(kind: int, body: bytes) -> bytes:
    """Write a short MQTT packet."""
    assert len(body) < 128
    return bytes((kind, len(body))) + body


def mqtt() -> None:
    """Connect, subscribe, publish at QoS 1 and hear it."""
    with connect(8883) as stream:
        stream.sendall(
            packet(0x10, text("MQTT") + bytes((4, 0xC2, 0, 30)) + text("touch") + text(USER) + text(PASSWORD))
        )
        assert stream.recv(4) == bytes((0x20, 2, 0, 0)), "no CONNACK"
        stream.sendall(packet(0x82, struct.pack(">H", 1) + text("touch/mqtt") + b"\x01"))
        assert stream.recv(16)[0] == 0x90, "no SUBACK"
        stream.sendall(packet(0x32, text("touch/mqtt") + struct.pack(">H", 2) + b"hello"))
        seen = b""
        while b"hello" not in seen:
            data = stream.recv(200)
            assert data, "the publication did not come back"
            seen += data
        stream.sendall(packet(0xE0, b""))


def stomp() -> None:
    """Connect, subscribe, send with a receipt and hear it."""
    with connect(61614) as stream:
        reader = stream.makefile("rb")

        def frame() -> bytes:
            data = b""
            while not data.endswith(b"\0"):
                byte = reader.read(1)
                assert byte, "the connection closed"
                data += byte
            return data.lstrip()

        stream.sendall(f"CONNECT\naccept-version:1.2\nhost:x\nlogin:{USER}\npasscode:{PASSWORD}\n\n\0".encode())
        assert frame().startswith(b"CONNECTED"), "no CONNECTED"
        stream.sendall(b"SUBSCRIBE\nid:1\ndestination:/queue/touch.stomp\nack:client-individual\nreceipt:r1\n\n\0")
        stream.sendall(b"SEND\ndestination:/queue/touch.stomp\npersistent:true\nreceipt:r2\n\nhello\0")
        assert {frame().split(b"\n")[0] for _ in range(3)} == {b"RECEIPT", b"MESSAGE"}, "no RECEIPT or MESSAGE"
        stream.sendall(b"DISCONNECT\nreceipt:r3\n\n\0")


def amqp() -> None:
    """Ask for SASL and see the mechanisms."""
    with connect(5671) as stream:
        stream.sendall(b"AMQP\x03\x01\x00\x00")
        assert stream.recv(4) == b"AMQP", "no AMQP header"


def http(port: int, path: str, tls: bool = True, extra: str = "") -> str:
    """Return the status line of a GET."""
    stream = connect(port) if tls else socket.create_connection(("127.0.0.1", port), timeout=60)
    with stream:
        stream.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Basic {BASIC}\r\n{extra}\r\n".encode()
        )
        return stream.recv(4096).split(b"\r\n")[0].decode()


def main() -> None:
    """Touch everything; the pages of the console at the end, since they are the slowest."""
    mqtt()
    stomp()
    amqp()
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bXFsYWI=\r\n"
    )
    for protocol in ("mqtt", "v12.stomp"):
        status = http(61619, "/", extra=f"{upgrade}Sec-WebSocket-Protocol: {protocol}\r\n")
        assert " 101 " in status or " 400 " in status, f"wss: {status}"
    status = http(8778, "/jolokia/read/org.apache.activemq:type=Broker,brokerName=*/TotalMessageCount", tls=False)
    assert " 200 " in status, f"jolokia: {status}"
    for page in ("", "queues.jsp", "topics.jsp", "network.jsp", "connections.jsp", "subscribers.jsp"):
        status = http(8162, f"/admin/{page}")
        assert " 200 " in status, f"console, {page}: {status}"


main()
