"""The server: who may ask, how much at once, what is logged, and what a server that is started again knows."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.errors import InputError
from lab.extras.api.server import MOST_BODY_BYTES
from lab.extras.api.serving import ServedHere, served
from lab.extras.http_server import listening
from lab.history.reading import read
from tests.extras.api.clients import PASSWORD, TOKYO, broker, client, running

SERVE = [sys.executable, "-c", "from lab.cli import main; main()", "serve", "--runtime", "none", "--port", "0"]


def ask(api: ServedHere, method: str = "GET", path: str = "/v1/brokers", **headers: str) -> tuple[int, Any]:
    """Return the status and the JSON of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def signed(api: ServedHere, *, key: str | None = None, region: str = TOKYO, service: str = "mq") -> str:
    scope = f"{key or api.access_key}/20261201/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def test_health_needs_no_signature(mqlab_api: ServedHere) -> None:
    status, found = ask(mqlab_api, path="/_mqlab/health")
    assert (status, found["status"], found["services"]) == (200, "running", ["ec2", "mq", "sts"])


@pytest.mark.parametrize("path", ["/_mqlab/health", "/v1/brokers"])
def test_another_host_and_any_origin_are_refused(mqlab_api: ServedHere, path: str) -> None:
    authorization = signed(mqlab_api)
    for headers in (
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": mqlab_api.url},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        status, found = ask(mqlab_api, path=path, Authorization=authorization, **headers)
        assert (status, "message" in found) == (403, True)
    for name in ("localhost", "[::1]"):
        assert ask(mqlab_api, path=path, Authorization=authorization, Host=f"{name}:{mqlab_api.port}")[0] == 200


def test_an_unsigned_request_is_refused(mqlab_api: ServedHere) -> None:
    status, found = ask(mqlab_api)
    assert (status, found["message"].partition(":")[0]) == (403, "Missing Authentication Token")
    for text in ("Bearer x", "AWS4-HMAC-SHA256 Credential=x", "AWS4-ECDSA-P256-SHA256 Credential=K/20261201/mq/aws4"):
        assert ask(mqlab_api, Authorization=text)[0] == 403


@pytest.mark.parametrize(
    ("service", "code"),
    [("mq", "UnrecognizedClientException"), ("ec2", "AuthFailure"), ("sts", "InvalidClientTokenId")],
)
def test_another_key_is_refused_in_the_words_of_each_service(mqlab_api: ServedHere, service: str, code: str) -> None:
    other = client(mqlab_api, service, access_key="AKIAIOSFODNN7EXAMPLE")
    call = {"mq": "list_brokers", "ec2": "describe_vpcs", "sts": "get_caller_identity"}[service]
    with pytest.raises(ClientError) as caught:
        getattr(other, call)()
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, 403)


def test_an_unknown_region_is_refused(mqlab_api: ServedHere) -> None:
    status, found = ask(mqlab_api, Authorization=signed(mqlab_api, region="mars-1"))
    assert (status, found["message"]) == (400, "the region 'mars-1' is unknown: mqlab regions lists the regions")


def test_an_unknown_operation_is_refused_at_once(mqlab_api: ServedHere) -> None:
    with pytest.raises(ClientError, match="InvalidAction"):
        client(mqlab_api, "ec2").describe_instances()
    with pytest.raises(ClientError, match="InvalidAction"):
        client(mqlab_api, "sts").get_session_token()
    status, found = ask(mqlab_api, "PATCH", Authorization=signed(mqlab_api))
    assert (status, found["message"]) == (400, "PATCH is not a method of this path; use: GET, POST")
    assert ask(mqlab_api, path="/v1/nothing", Authorization=signed(mqlab_api))[0] == 400


@pytest.mark.parametrize(
    ("service", "call", "variable"),
    [
        ("s3", "list_buckets", "AWS_ENDPOINT_URL_S3"),
        ("iam", "list_users", "AWS_ENDPOINT_URL_IAM"),
        ("kms", "list_keys", "AWS_ENDPOINT_URL_KMS"),
        ("logs", "describe_log_groups", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
        ("lambda", "list_functions", "AWS_ENDPOINT_URL_LAMBDA"),
        ("sqs", "list_queues", "AWS_ENDPOINT_URL_SQS"),
        ("cloudwatch", "list_metrics", "AWS_ENDPOINT_URL_CLOUDWATCH"),
    ],
)
def test_another_service_is_named_with_the_variable_that_sends_it_elsewhere(
    mqlab_api: ServedHere, service: str, call: str, variable: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(mqlab_api, service), call)()
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Code"] == "InvalidAction"
    assert variable in error["Error"]["Message"]


def test_a_large_body_is_refused_before_it_has_come(mqlab_api: ServedHere) -> None:
    with socket.create_connection(("127.0.0.1", mqlab_api.port)) as connection:
        lines = (
            "POST /v1/brokers HTTP/1.1",
            f"Host: 127.0.0.1:{mqlab_api.port}",
            f"Authorization: {signed(mqlab_api)}",
            f"Content-Length: {MOST_BODY_BYTES + 1}",
        )
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_connection_that_stays_silent_is_closed(tmp_path: Path) -> None:
    with served(tmp_path / "account", silent=0.2) as api:
        for beginning in (b"", b"GET /v1/brokers HTTP/1.1\r\nHost: "):
            with socket.create_connection(("127.0.0.1", api.port), timeout=30) as connection:
                connection.sendall(beginning)
                assert connection.recv(100) == b""


def test_a_large_body_without_a_length_is_refused(mqlab_api: ServedHere) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", mqlab_api.port, timeout=30)
    parts = (b"x" * 65536 for _ in range(17))
    headers = {"Authorization": signed(mqlab_api)}
    connection.request("POST", "/v1/brokers", body=parts, headers=headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_an_expired_signature_is_accepted_and_told(tmp_path: Path) -> None:
    lines: list[str] = []
    with served(tmp_path / "account", log=lines.append) as api:
        status, _ = ask(api, Authorization=signed(api), X_Amz_Date="20200101T000000Z")
    assert status == 200
    assert any("signed 2020-01-01 00:00:00 UTC: AWS would refuse it as expired" in line for line in lines)


def test_no_password_and_no_signature_is_in_the_log_or_on_file(tmp_path: Path) -> None:
    lines: list[str] = []
    with served(tmp_path / "account", log=lines.append) as api:
        mq = client(api, "mq", parameter_validation=False)
        broker_id = running(mq)
        mq.create_user(BrokerId=broker_id, Username="late", Password="another-word-1866")
        for wrong in (
            {"Groups": [f"{PASSWORD} "], "Password": PASSWORD},
            {"Password": PASSWORD, "ConsoleAccess": PASSWORD},
        ):
            with pytest.raises(ClientError):
                mq.create_user(BrokerId=broker_id, **{"Username": "bob"} | wrong)
        with pytest.raises(ClientError):
            mq.describe_user(BrokerId=broker_id, Username=PASSWORD)
    files = [path.read_text() for path in sorted((tmp_path / "account").iterdir())]
    assert len(lines) >= 7
    for text in ("\n".join(lines), *files):
        assert PASSWORD not in text and "another-word-1866" not in text and "Signature" not in text


def test_ten_brokers_are_created_at_once(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    names = [f"b{number}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        ids = list(pool.map(lambda name: mq.create_broker(**broker(name))["BrokerId"], names))
    found = {row["BrokerId"]: row["BrokerName"] for row in mq.list_brokers()["BrokerSummaries"]}
    assert found == dict(zip(ids, names, strict=True))
    addresses = {mq.describe_broker(BrokerId=each)["BrokerInstances"][0]["IpAddress"] for each in ids}
    assert len(addresses) == 10


def test_a_taken_port_is_refused_by_name() -> None:
    with listening(0) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port}: another program listens there"):
            listening(port)


def test_a_small_answer_is_sent_at_once() -> None:
    with listening(0) as opened:
        assert opened.proto == socket.IPPROTO_TCP  # otherwise asyncio leaves Nagle's algorithm on


def test_an_account_has_one_server_at_a_time(tmp_path: Path) -> None:
    second = served(tmp_path / "account")
    words = "another mqlab serve has the account account"
    with served(tmp_path / "account"), pytest.raises(InputError, match=words), second:
        pass


def test_a_file_that_is_no_account_is_refused(tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text('{"access_key": 1}')
    with pytest.raises(InputError, match="cannot read the file of this account"), served(tmp_path):
        pass
    with pytest.raises(InputError, match="cannot read"), served(tmp_path):  # the lock was given back
        pass


def test_the_history_has_each_verb_with_the_door_api(tmp_path: Path) -> None:
    with served(tmp_path / "account") as api:
        mq = client(api, "mq")
        broker_id = running(mq)
        mq.create_user(BrokerId=broker_id, Username="late", Password=PASSWORD)
        with pytest.raises(ClientError):
            mq.create_user(BrokerId=broker_id, Username="late", Password=PASSWORD)
        mq.reboot_broker(BrokerId=broker_id)
    observations = read(tmp_path / "account" / "history.jsonl").observations
    steps = [each for each in observations if each.kind == "step"]
    assert [(each.verb, each.by) for each in steps if "default VPC" not in each.asked] == [
        ("create-broker", "api"),
        ("create-user", "api"),
        ("create-user", "api"),
        ("reboot", "api"),
    ]
    ended = {each.step: each.ok for each in observations if each.kind == "step-ended"}
    assert [ended[each.step] for each in steps[-3:]] == [True, False, True]
    states = [each.state for each in observations if each.kind == "record"]
    assert states == ["CREATION_IN_PROGRESS", "RUNNING", "RUNNING", "REBOOT_IN_PROGRESS"]


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Mapping[str, str]]]:
    """Start `mqlab serve`, and yield it with the settings that it prints before READY."""
    environment = {**os.environ, "MQLAB_STATE": str(folder)}
    with subprocess.Popen([*SERVE, *options], stdout=subprocess.PIPE, text=True, env=environment) as started:
        assert started.stdout is not None
        lines = []
        for line in started.stdout:
            lines.append(line)
            if line.startswith("# READY"):
                break
        try:
            yield started, dict(re.findall(r"^export (\w+)=(.+)$", "".join(lines), re.MULTILINE))
        finally:
            started.kill()


class Elsewhere:
    """A server in another process, as `client` takes it."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.url, self.access_key = settings["AWS_ENDPOINT_URL"], settings["AWS_ACCESS_KEY_ID"]


@pytest.mark.release
def test_a_server_that_was_killed_in_mid_reboot_is_started_again_and_goes_on(tmp_path: Path) -> None:
    with process(tmp_path) as (killed, settings):
        mq = client(Elsewhere(settings), "mq")
        broker_id = running(mq)
        mq.create_user(BrokerId=broker_id, Username="late", Password=PASSWORD)
        mq.reboot_broker(BrokerId=broker_id)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    with process(tmp_path) as (ended, again):
        assert again["AWS_ACCESS_KEY_ID"] == settings["AWS_ACCESS_KEY_ID"]
        mq = client(Elsewhere(again), "mq")
        states = [mq.describe_broker(BrokerId=broker_id)["BrokerState"] for _ in range(2)]
        assert states == ["REBOOT_IN_PROGRESS", "RUNNING"]
        assert "Pending" not in mq.describe_user(BrokerId=broker_id, Username="late")
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(30) == 0
    with process(tmp_path, "--empty", "--access-key", "test") as (interrupted, third):
        assert third["AWS_ACCESS_KEY_ID"] == "test"
        assert client(Elsewhere(third), "mq").list_brokers()["BrokerSummaries"] == []
        interrupted.send_signal(signal.SIGINT)
        assert interrupted.wait(30) == 0
