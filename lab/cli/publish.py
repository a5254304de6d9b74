"""publish: messages from the shell to a broker of a running lab."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.base.masking import is_secret
from lab.base.units import parse_message_rate, several
from lab.cli import client_options, open_lab, options
from lab.cli.client_options import OVER, QUEUE, TOPIC, USER
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, argument, flag, option
from lab.errors import InputError
from lab.living.lab import Live
from lab.living.pipeline import LARGEST_TOGETHER, TOGETHER

_LONGEST = 64 * 2**20  # bytes of the standard input


_SLOW = 0.05  # seconds between two messages, from which on each is acknowledged before the next one


def publish(
    broker: str = BROKER,
    body: str | None = argument(
        "[BODY]", "The text of each message, or - for standard input (default: a numbered text)."
    ),
    topic: str | None = TOPIC,
    queue: str | None = QUEUE,
    over: str | None = OVER,
    user: str | None = USER,
    count: int = option("--count -n N", "The number of messages.", 1, min=1),
    rate: str | None = option("--rate RATE", "The maximum rate, for example 50/s or 6/m."),
    lines: bool = flag("--lines", "Send one message for each line of standard input."),
    qos: int | None = option("--qos 0|1|2", "The MQTT quality of service (default: 1).", min=0, max=2),
    retained: bool = flag("--retained", "Let the broker keep the last message for later subscribers, over MQTT only."),
    header: list[str] | None = option(
        "--header NAME=VALUE", "A header of each message, over STOMP and AMQP (repeatable)."
    ),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Publish messages to a broker of a running lab, in their order, and wait until all are acknowledged.

    If a message is not accepted, the command stops. It prints the number of accepted messages, and the first message
    that was not accepted.

    Example: mqlab publish tokyo hello --queue orders
    """
    client_options.destination(topic, queue)
    headers = _headers(header or ())
    over = client_options.protocol(over, queue)
    if headers and client_options.is_mqtt(over):
        raise InputError.of("--header: MQTT 3.1.1 has no headers", "write --over stomp or --over amqp")
    for spelled, given in (("--qos", qos is not None), ("--retained", retained)):
        if given and not client_options.is_mqtt(over):
            raise InputError.of(f"{spelled} is for MQTT only, and not for {over}", f"remove {spelled}")
    every = None if rate is None else _interval(rate)
    if lines and (body not in (None, "-") or count != 1):
        raise InputError.of("--lines takes messages from standard input", "remove BODY and --count")
    bodies = _lines() if lines else _bodies(body, count)
    with open_lab.attached(run, quiet=json) as live:
        told = send(
            live,
            broker,
            bodies,
            every=every,
            over=over,
            user=user,
            together=TOGETHER if _at_hand(lines) else 1,
            to={
                "topic": topic,
                "queue": queue,
                "qos": 1 if qos is None else qos,
                "retained": retained,
                "headers": headers,
            },
        )
    accepted = "accepted" if told["sent"] == 1 else "each accepted"
    what = (
        f"{several(told['sent'], 'message')} to {told['destination']} at {broker}, {accepted} ({told['seconds']:.3f} s)"
    )
    options.show(told, [what], json)


def send(
    live: Live,
    broker: str,
    bodies: Iterator[bytes],
    *,
    to: Mapping[str, Any],
    over: str = "mqtt",
    user: str | None = None,
    every: float | None = None,
    together: int = 1,
) -> dict[str, Any]:
    """Publish bodies in their order, at most one in `every` seconds; return a summary, as JSON-able values.

    Up to `together` small bodies are taken at once. `to` has the keyword arguments of `Conversation.pipeline`.
    Raise the error that ended the sending, with the accepted messages and the others.
    """
    clock = live.lab.clock
    with live.connect(broker, over=over, user=user) as client, client.pipeline(**to) as sending:
        began = clock.now()
        try:
            for portion in _portions(bodies, 1 if every is not None else together):
                if every is not None:
                    clock.sleep(max(0.0, began + sending.sent * every - clock.now()))
                sending.send(portion)
                # Until the next body, which may be long in coming, each outcome is known and in the history.
                if together == 1 or (every is not None and every >= _SLOW):
                    sending.finish()
            sending.finish()
        except (KeyboardInterrupt, SystemExit):
            options.warn_of_each([sending.so_far()])
            raise
        return {
            "run": live.run,
            "broker": broker,
            "destination": str(client_options.destination(to.get("topic"), to.get("queue"))),
            "sent": sending.accepted,
            "seconds": clock.now() - began,
        }


def _portions(bodies: Iterator[bytes], most: int) -> Iterator[list[bytes]]:
    """Yield bodies in portions: up to `most` small ones, and each large one alone."""
    portion: list[bytes] = []
    for body in bodies:
        if len(body) > LARGEST_TOGETHER and portion:
            yield portion
            portion = []
        portion.append(body)
        if len(portion) >= most or len(body) > LARGEST_TOGETHER:
            yield portion
            portion = []
    if portion:
        yield portion


def _at_hand(lines: bool) -> bool:
    """Return whether all bodies are available at once: standard input is not read by lines, or is a file."""
    return not lines or stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)


def _bodies(body: str | None, count: int) -> Iterator[bytes]:
    if body is None:
        return (f"message {number}".encode() for number in range(1, count + 1))
    octets = _standard_input() if body == "-" else body.encode("utf-8", "surrogateescape")  # as the shell gave it
    return (octets for _ in range(count))


def _standard_input() -> bytes:
    octets = sys.stdin.buffer.read(_LONGEST + 1)
    if len(octets) > _LONGEST:
        raise InputError.of(
            "standard input has more than 64 MiB", "send a smaller message: a broker refuses a larger one"
        )
    return octets


def _lines() -> Iterator[bytes]:
    while line := sys.stdin.buffer.readline(_LONGEST):
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _interval(rate: str) -> float:
    try:
        return float(1 / parse_message_rate(rate))
    except ValueError as error:
        raise options.refused_quantity("--rate", rate, error, "/s") from error


def _headers(given: Sequence[str]) -> dict[str, str]:
    pairs = {name: value for name, equals, value in (each.partition("=") for each in given) if name and equals}
    for each in given:
        if each.partition("=")[0] not in pairs:
            shown = f"{re.split('[^A-Za-z0-9_-]', each)[0]}…" if is_secret(each) else each
            raise InputError.of(
                f"--header {shown} is not NAME=VALUE", "write --header NAME=VALUE, such as --header kind=order"
            )
    return pairs
