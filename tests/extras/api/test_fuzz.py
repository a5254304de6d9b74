"""Requests that no client sends: each is answered in the protocol of its service, and none by a fault."""

from __future__ import annotations

import json
import random
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from lab.extras.api.server import Door
from lab.extras.api.serving import ServedHere, served
from lab.extras.api.wire.http import HttpRequest
from lab.extras.api.wire.models import Shape, models

REQUESTS = 1000
ODD = [
    *(
        "",
        "0",
        "-1",
        "9" * 40,
        "1e999",
        "true",
        "null",
        "NaN",
        "\0",
        "\ud800",
        "é",
        "𝄞",
        "<a>",
        "&amp;",
        "%00",
        "../..",
    ),
    *("'", "a" * 5000, "b-1", "vpc-1", "10.0.0.0/99", "2026-13-40T99:99:99Z", "ACTIVEMQ", "PGEvPg==", "[]", "{}"),
]


def test_a_thousand_odd_requests_have_an_answer_without_a_fault(tmp_path: Path) -> None:
    lines: list[str] = []
    with served(tmp_path / "account") as api:
        door = Door(port=api.port, access_key=api.access_key, serve=api.account.serve, log=lines.append)
        chance = random.Random(1866)
        for _ in range(REQUESTS):
            request = odd_request(chance, api)
            answer = door.done(request).answer
            assert answer.status < 500, (request, answer)
            assert answer.status == 200 or answer.status >= 204
            text = answer.body.decode()
            assert "<html" not in text.lower() and "Traceback" not in text and "InternalFailure" not in text, request
            if text.startswith("<"):
                ElementTree.fromstring(text)
            elif text:
                json.loads(text)
    assert [line for line in lines if "fault" in line] == []


def odd_request(chance: random.Random, api: ServedHere) -> HttpRequest:
    service = chance.choice(("mq", "mq", "ec2", "ec2", "sts", "s3", "x"))
    key = api.access_key if chance.random() < 0.95 else chance.choice(ODD)
    region = "ap-northeast-1" if chance.random() < 0.95 else chance.choice(ODD)
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261201/{region}/{service}/aws4_request, Signature=0"
    }
    if chance.random() < 0.03:
        headers["authorization"] = chance.choice(ODD)
    if service not in models():
        return HttpRequest(method="POST", path="/", headers=headers, body=odd_bytes(chance))
    model = models()[service]
    operation = chance.choice(list(model.operations.values()))
    content = {} if operation.request is None else odd_content(chance, operation.request)
    if model.protocol == "rest-json":
        path = operation.path
        for part in ("broker-id", "username", "configuration-id", "configuration-revision", "resource-arn"):
            path = path.replace(f"{{{part}}}", quote(chance.choice(ODD) or "x", safe="", errors="replace"))
        body = json.dumps(content).encode() if chance.random() < 0.8 else odd_bytes(chance)
        query = urlencode({"maxResults": chance.choice(ODD), "tagKeys": chance.choice(ODD)}, errors="replace")
        return HttpRequest(method=operation.method, path=path, query=query, headers=headers, body=body)
    fields = {"Action": operation.name, "Version": model.version, **flat(content)}
    body = urlencode(fields, errors="replace").encode() if chance.random() < 0.9 else odd_bytes(chance)
    return HttpRequest(method="POST", path="/", headers=headers, body=body)


def odd_content(chance: random.Random, shape: Shape, level: int = 0) -> object:
    """Return a content that sometimes fits a shape."""
    if chance.random() < 0.1 or level > 4:
        return chance.choice((*ODD, None, 1, -1, 1.5, True, [], {}, [[]], {"": {}}))
    if shape.kind == "structure":
        return {
            (member.wire_name if chance.random() < 0.97 else chance.choice(ODD)): odd_content(
                chance, member.shape, level + 1
            )
            for member in shape.members.values()
            if not member.location and chance.random() < 0.7
        }
    if shape.kind == "list":
        return [odd_content(chance, shape.content.shape, level + 1) for _ in range(chance.randrange(3))]
    if shape.kind == "map":
        return {chance.choice(ODD): odd_content(chance, shape.content.shape, level + 1)}
    if shape.kind == "boolean":
        return chance.random() < 0.5
    if shape.kind in ("integer", "long"):
        return chance.choice((0, 1, 5, 100, -1, 10**30))
    return chance.choice(sorted(shape.enum)) if shape.enum and chance.random() < 0.8 else chance.choice(ODD)


def odd_bytes(chance: random.Random) -> bytes:
    return chance.choice(
        (b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a":' * 500, b"Action=", b"&" * 5000, b"1" * 5000, b"null")
    )


def flat(content: object, place: str = "") -> dict[str, str]:
    """Return the fields of a form."""
    if isinstance(content, dict):
        parts = [(name[:1].upper() + name[1:], part) for name, part in content.items()]
    elif isinstance(content, list):
        parts = [(str(number), part) for number, part in enumerate(content, 1)]
    else:
        return {place: str(content)}
    return {key: text for name, part in parts for key, text in flat(part, f"{place}.{name}".lstrip(".")).items()}
