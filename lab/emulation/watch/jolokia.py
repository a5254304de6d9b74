"""A client of one broker's JMX through its Jolokia agent: bulk POST requests; the status of each answer is checked.

It knows HTTP, and not the meaning of an MBean.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from lab.errors import BrokerError
from lab.runtime.lab import Silent

# Jolokia's policy lets only requests with an Origin through, and answers HTTP 200 with status 403 to the others.
_HEADERS = {"Origin": "http://localhost"}
_ANSWERED = (200, 404)  # 404: no MBean matches the pattern
_TRIES = 5


class Jolokia:
    """A client of one broker's management port."""

    def __init__(self, broker: str, host: str, port: int, user: str, password: str) -> None:
        self.broker = broker
        # A proxy of the environment must never see a lab's traffic.
        self._http = httpx.Client(
            base_url=f"http://{host}:{port}/jolokia/",
            auth=(user, password),
            headers=_HEADERS,
            timeout=httpx.Timeout(5.0),
            trust_env=False,
            # A new connection for each question: its kernel acknowledges at once. On one that is kept, an answer waits
            # up to 40 ms for that, since the agent writes it in two pieces and leaves Nagle's algorithm on.
            limits=httpx.Limits(max_keepalive_connections=0),
            # It is plain HTTP, and to load the machine's trusted CAs takes as long as hundreds of requests.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def read(self, *requests: tuple[str, Sequence[str]]) -> list[dict[str, dict[str, Any]]]:
        """Return attributes of MBeans, each request a pattern and attributes: per request, name → attribute → value.

        Raise BrokerError if the broker refuses, Silent if it does not answer.
        """
        asked = [
            {"type": "read", "mbean": mbean, "attribute": list(attributes), "config": {"ignoreErrors": True}}
            for mbean, attributes in requests
        ]
        for _ in range(_TRIES):
            answers = self._post(asked)
            # An MBean may go between Jolokia's search and its read of it, which fails the whole read: ask again.
            if all(answer.get("status") in _ANSWERED for answer in answers):
                break
        return [_values(self.broker, answer) for answer in answers]

    def execute(self, mbean: str, operation: str, *arguments: object) -> Any:
        """Run an operation of an MBean and return its result; raise BrokerError if the broker refuses."""
        (value,) = self.execute_all([(mbean, operation, arguments)])
        return value

    def execute_all(self, operations: Sequence[tuple[str, str, Sequence[object]]], *, gone: bool = False) -> list[Any]:
        """Run operations (MBean, name, arguments) in their order, and return their results.

        Raise BrokerError if the broker refuses one; the others are done. With `gone`, an MBean may have gone meanwhile:
        its result is None.
        """
        answers = self._post(
            [
                {"type": "exec", "mbean": mbean, "operation": operation, "arguments": list(arguments)}
                for mbean, operation, arguments in operations
            ]
        )
        for (mbean, operation, _), answer in zip(operations, answers, strict=True):
            if answer.get("status") not in (_ANSWERED if gone else (200,)):
                raise BrokerError(f"broker {self.broker} refused {operation} on {mbean}: {answer.get('error')}")
        return [answer.get("value") for answer in answers]

    def close(self) -> None:
        """Close the client."""
        self._http.close()

    def _post(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            response = self._http.post("", json=requests)
            response.raise_for_status()
            answers: list[dict[str, Any]] = response.json()
        except httpx.HTTPStatusError as error:
            raise BrokerError(
                f"broker {self.broker}'s management answered HTTP {error.response.status_code}"
            ) from error
        except (httpx.HTTPError, ValueError) as error:
            raise Silent(f"broker {self.broker}'s management port does not answer: {error}") from error
        return answers


def _values(broker: str, answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if answer.get("status") == 404:
        return {}  # no MBean matches the pattern
    if answer.get("status") != 200:
        raise BrokerError(f"broker {broker}'s management refused a request: {answer.get('error')}")
    value: dict[str, Any] = answer["value"]
    if "*" in answer["request"]["mbean"]:
        return value
    return {answer["request"]["mbean"]: value}
