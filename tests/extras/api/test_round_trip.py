"""Requests that botocore writes are read as they were, and botocore reads the answers as they were."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.extras.api.dispatching import refusal
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire import query, rest_json
from lab.extras.api.wire.http import HttpAnswer, HttpRequest
from lab.extras.api.wire.models import models
from tests.extras.api.shapes import contents, without_empty

SERVICES = {service: ServiceModel(Loader().load_service_model(service, "service-2")) for service in models()}
OPERATIONS = [(service, name) for service in models() for name in models()[service].operations]
FEW = settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda word: word)
@FEW
@given(data=st.data())
def test_a_request_is_read_as_botocore_was_given_it(service: str, name: str, data: st.DataObject) -> None:
    theirs = SERVICES[service].operation_model(name)
    if theirs.input_shape is None:
        return
    request = data.draw(contents(theirs.input_shape))
    written = create_serializer(theirs.metadata["protocol"], False).serialize_to_request(request, theirs)
    assert without_empty(_read(service, written)) == without_empty(request)


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda word: word)
@FEW
@given(data=st.data())
def test_botocore_reads_an_answer_as_it_was_given(service: str, name: str, data: st.DataObject) -> None:
    theirs, model = SERVICES[service].operation_model(name), models()[service]
    if theirs.output_shape is None:
        return
    content, operation = data.draw(contents(theirs.output_shape)), model.operations[name]
    if model.protocol == "rest-json":
        answer = rest_json.answer(operation, content, "id")
    else:
        answer = query.answer(model, operation, content, "id")
    parsed = _parsed(service, name, answer)
    del parsed["ResponseMetadata"]
    assert without_empty(parsed) == without_empty(content)


@pytest.mark.parametrize("service", models())
def test_botocore_reads_a_refusal(service: str) -> None:
    error = ApiRefused("NotFoundException", "no <broker> & no users", 404, "broker-id")
    name = {"mq": "DescribeBroker", "ec2": "DescribeVpcs", "sts": "GetCallerIdentity"}[service]
    parsed = _parsed(service, name, refusal(models()[service].protocol, error, "the-id"))
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == (error.code, error.message)
    assert parsed["ResponseMetadata"]["RequestId"] == "the-id"
    assert service != "mq" or parsed["ErrorAttribute"] == "broker-id"


def _read(service: str, written: Any) -> Any:
    model, body = models()[service], written["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    texts = written["query_string"]
    request = HttpRequest(
        method=written["method"],
        path=written["url_path"],
        query=texts if isinstance(texts, str) else urlencode(texts, doseq=True),
        body=body.encode() if isinstance(body, str) else body,
    )
    if model.protocol == "rest-json":
        operation, parts = rest_json.operation(model, request)
        return rest_json.request_of(operation, parts, request)
    fields = query.form(request)
    return query.request_of(query.operation(model, fields), fields)


def _parsed(service: str, name: str, answer: HttpAnswer) -> Any:
    theirs = SERVICES[service].operation_model(name)
    response = {"body": answer.body, "headers": HeadersDict(answer.headers), "status_code": answer.status}
    parser = create_parser(theirs.metadata["protocol"])
    parsed = parser.parse(response, theirs.output_shape)
    if "Error" in parsed:
        shape = SERVICES[service].shape_for_error_code(parsed["Error"]["Code"]) if service == "mq" else None
        if shape is not None:
            parsed.update(parser.parse(response, shape))
    return parsed
