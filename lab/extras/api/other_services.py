"""Services that the lab does not serve: requests are refused, with the variable that sends them elsewhere."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape

from lab.base.printable import shown
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire import query
from lab.extras.api.wire.http import HttpAnswer, HttpRequest
from lab.extras.api.wire.models import variables

CODE = "InvalidAction"


def other_service(request: HttpRequest, service: str, request_id: str) -> tuple[HttpAnswer, ApiRefused]:
    """Return the refusal of a request for another service, in the protocol of the request."""
    names = variables(service) or (f"AWS_ENDPOINT_URL_{re.sub('[^A-Z0-9]', '_', service.upper())}",)
    problem = f"mqlab serves mq, ec2 and sts, not {shown(service)}"
    error = ApiRefused(CODE, f"{problem}: set {' or '.join(names)} to the address of another server.")
    return _answer(request, service, error, request_id), error


def _answer(request: HttpRequest, service: str, error: ApiRefused, request_id: str) -> HttpAnswer:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    headers = {"x-amzn-requestid": request_id, "x-amzn-errortype": CODE}
    if kind == "application/x-www-form-urlencoded":
        return query.refusal("query", error, request_id)
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        body = b"\xa2" + b"".join(map(_cbor, ("__type", CODE, "message", error.message)))
        return HttpAnswer(
            status=400,
            headers={**headers, "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"},
            body=body,
        )
    if service.startswith("s3"):
        text = f"<Error><Code>{CODE}</Code><Message>{escape(error.message)}</Message></Error>"
        return HttpAnswer(status=400, headers={**headers, "content-type": "application/xml"}, body=text.encode())
    kind = kind if kind.startswith("application/x-amz-json-") else "application/json"
    document = {"__type": CODE, "message": error.message}
    return HttpAnswer(status=400, headers={**headers, "content-type": kind}, body=json.dumps(document).encode())


def _cbor(text: str) -> bytes:
    octets = text.encode()
    return b"\x79" + len(octets).to_bytes(2, "big") + octets
