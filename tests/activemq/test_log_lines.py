"""Lines of real logs are read and named, and what means nothing is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.activemq.log_lines import LONGEST_LINE, NAMED, LoggedLine, is_kept, name_of, pattern, read, shortened
from lab.base.masking import MASK, Mask

CASES = [
    line.split(" | ", 1) for line in Path(__file__).with_name("log-lines.txt").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("name", "line"), CASES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(CASES)])
def test_a_real_line_has_its_name(name: str, line: str) -> None:
    said = read(line)
    assert said is not None
    assert name_of(said.text) == name
    assert is_kept(said)
    assert pattern(name).search(said.text)


def test_every_name_but_one_has_a_line() -> None:
    """A message for the dead letter queue is a duplicate first."""
    assert set(NAMED) == {name for name, _ in CASES} | {"dead-letter"}
    assert any(NAMED["dead-letter"].search(line) for _, line in CASES)


def test_a_line_is_taken_apart() -> None:
    found = read("2026-11-24T20:43:54.599Z INFO  [ActiveMQ BrokerService[tokyo] Task-3] BrokerService | a | b")
    moment = datetime(2026, 11, 24, 20, 43, 54, 599000, tzinfo=UTC)
    assert found == LoggedLine(at=moment, level="INFO", text="BrokerService | a | b")


@pytest.mark.parametrize(
    "line",
    [
        "Loading message broker from: xbean:file:/opt/mqlab/broker.xml",
        "\tat org.apache.activemq.transport.tcp.TcpTransport.connect(TcpTransport.java:525)",
        "Caused by: java.net.ConnectException: Connection refused",
        "",
    ],
)
def test_what_has_no_time_is_no_line(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-24T20:43:54.351Z INFO  [main] TransportConnector | Connector openwire started",
        "2026-11-24T20:43:54.540Z WARN  [main] SecurityHandler | ServletContext@x has uncovered http methods for path",
    ],
)
def test_what_means_nothing_is_left_out(line: str) -> None:
    said = read(line)
    assert said is not None and not is_kept(said)


def test_a_long_line_is_cut() -> None:
    found = read(f"2026-11-24T20:43:54.599Z WARN  [main] Queue | {'x' * 5000}")
    assert found is not None and len(found.text) == 500


@pytest.mark.parametrize("expression", ["(a+)+b", "(x|x)*b", ".*.*.*.*.*#", "x?" * 60 + "x" * 60 + "#"])
def test_no_expression_takes_for_ever(expression: str) -> None:
    """Python's own would search the first of these longer than anybody waits."""
    assert pattern(expression).search("a" * 250 + "x" * 250) is None


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("bridge to (", "missing )"),
        (r"(\w+) \1", "invalid escape"),
        ("(?=a)", "perl operator"),
        ("x{9999}", "repetition"),
        ("lost a{,3} of", "{,3} does not repeat in RE2, which reads it as text: write {0,3}"),
    ],
)
def test_what_is_no_expression_says_why(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        pattern(expression)


def test_an_expression_is_found_anywhere_in_a_line() -> None:
    assert pattern("bridge to .* (stopped|began)").search("the bridge to 東京 stopped")
    assert pattern("bridge to").search("Bridge to") is None
    assert pattern(r"a\{,3}").search("a{,3}"), "as it is written, a text"


SECRET = "correct-horse/battery&staple" * 8
ESCAPED = "".join(f"%{ord(sign):02X}" for sign in SECRET)


@pytest.mark.parametrize("secret", [SECRET, ESCAPED, 'password="' + "x" * 1990 + '"'])
@pytest.mark.parametrize("before", range(0, 600, 37))
def test_a_text_is_cut_as_if_all_of_it_had_been_masked_before(secret: str, before: int) -> None:
    """What is masked is shorter, and brings to the front a password of which only the beginning was looked at."""
    text, mask = "a" * before + f"{secret} " * 200, Mask.of([SECRET])
    assert shortened(text, mask.text) == mask.text(text)[:LONGEST_LINE]


def test_a_long_text_is_masked_in_time_that_grows_as_it_does() -> None:
    seen: list[int] = []

    def mask(text: str) -> str:
        seen.append(len(text))
        return text.replace(ESCAPED, MASK)

    text = ESCAPED * 5_000
    assert shortened(text, mask) == (MASK * LONGEST_LINE)[:LONGEST_LINE]
    assert sum(seen) < 2 * len(text)
    seen.clear()
    assert shortened("a" * 10**6, mask) == "a" * LONGEST_LINE
    assert sum(seen) <= 16 * 1024
