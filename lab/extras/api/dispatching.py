"""A request → its operation, and the operation's answer or refusal, in the protocol of the request's service."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from lab.base.dataclass import dataclass
from lab.base.printable import shown
from lab.errors import InputError, LabError
from lab.extras.api.call import Call
from lab.extras.api.operations import OPERATIONS
from lab.extras.api.other_services import other_service
from lab.extras.api.paging import page
from lab.extras.api.refusals import refused
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.extras.api.wire import query, rest_json
from lab.extras.api.wire.http import HttpAnswer, HttpRequest
from lab.extras.api.wire.models import Model, Operation, models
from lab.extras.api.wire.signature import Signature, signature_of
from lab.network.regions import NONE, REGIONS

Serve = Callable[[Call], ServedAccount]  # the account for the time of one call
_EXPIRED = "a request was signed {:%Y-%m-%d %H:%M:%S} UTC: AWS would refuse it as expired; set the client's clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer and its call; the call is None if the request was refused earlier."""

    answer: HttpAnswer
    service: str = ""
    region: str = ""
    operation: str = ""
    refused: ApiRefused | None = None


def dispatch(request: HttpRequest, *, access_key: str, serve: Serve, now: Callable[[], datetime]) -> Answered:
    """Return the answer to a request; the answer is never a server's error."""
    request_id = str(uuid.uuid4())
    signature = signature_of(request)
    service = _service(request, signature)
    if service not in models():
        answer, why = other_service(request, service, request_id)
        return Answered(answer=answer, service=service, refused=why)
    model = models()[service]
    region, name = "" if signature is None else signature.region, ""
    try:
        _check_signature(signature, service, access_key)
        operation, content = _read(model, request)
        name = operation.name
        call = Call(service=service, operation=name, region=region, request_id=request_id)
        account = serve(call)
        assert signature is not None  # it has been checked
        if signature.is_expired(now()) and signature.signed is not None:
            account.notice(_EXPIRED.format(signature.signed))
        outcome = _done(account, call, operation, content)
        answer = _written(model, operation, outcome, request_id)
        return Answered(answer=answer, service=service, region=region, operation=name)
    except ApiRefused as error:
        why = error
    except InputError as error:
        why = refused(error, service)
    except LabError as error:
        why = ApiRefused(_usual(service), f"the lab cannot do this: {error.what}")
    return Answered(
        answer=refusal(model.protocol, why, request_id), service=service, region=region, operation=name, refused=why
    )


def turned_away(request: HttpRequest, error: ApiRefused) -> Answered:
    """Return the answer to a request that is refused before it is read, in the protocol of its service."""
    service = _service(request, signature_of(request))
    request_id = str(uuid.uuid4())
    protocol = models()[service].protocol if service in models() else "rest-json"
    return Answered(answer=refusal(protocol, error, request_id), service=service, refused=error)


def refusal(protocol: str, error: ApiRefused, request_id: str) -> HttpAnswer:
    """Return the answer of a refusal in a protocol."""
    if protocol == "rest-json":
        return rest_json.refusal(error, request_id)
    return query.refusal(protocol, error, request_id)


def _service(request: HttpRequest, signature: Signature | None) -> str:
    if signature is not None:
        return signature.service
    return "mq" if request.path.startswith("/v1/") else "ec2"


def _check_signature(signature: Signature | None, service: str, access_key: str) -> None:
    if signature is None:
        code = "MissingAuthenticationToken" + ("Exception" if service == "mq" else "")
        raise ApiRefused(code, "Missing Authentication Token: sign the request, as AWS's clients do", 403)
    if not compare_digest(signature.access_key.encode(), access_key.encode()):
        code = {"mq": "UnrecognizedClientException", "ec2": "AuthFailure"}.get(service, "InvalidClientTokenId")
        remedy = "set AWS_ACCESS_KEY_ID to the key that mqlab serve has printed"
        raise ApiRefused(code, f"The security token included in the request is invalid: {remedy}", 403)
    if signature.region not in REGIONS or signature.region == NONE:
        problem = f"the region {shown(signature.region)} is unknown: mqlab regions lists the regions"
        raise ApiRefused(_usual(service), problem)


def _read(model: Model, request: HttpRequest) -> tuple[Operation, Mapping[str, Any]]:
    if model.protocol == "rest-json":
        operation, parts = rest_json.operation(model, request)
        return operation, rest_json.request_of(operation, parts, request)
    fields = query.form(request)
    operation = query.operation(model, fields)
    return operation, query.request_of(operation, fields)


def _done(account: ServedAccount, call: Call, operation: Operation, request: Mapping[str, Any]) -> Mapping[str, Any]:
    handler = OPERATIONS[call.service].get(operation.name)
    if handler is None:
        raise ApiRefused("InvalidAction", f"The action {operation.name} is not served by the lab.")
    if request.get("DryRun"):
        raise ApiRefused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
    return page(call.service, operation, request, handler(account, call, request))


def _written(model: Model, operation: Operation, content: Mapping[str, Any], request_id: str) -> HttpAnswer:
    if model.protocol == "rest-json":
        return rest_json.answer(operation, content, request_id)
    return query.answer(model, operation, content, request_id)


def _usual(service: str) -> str:
    return "BadRequestException" if service == "mq" else "InvalidParameterValue"
