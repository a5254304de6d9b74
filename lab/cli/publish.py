"""publish: messages from the shell to a broker of a running lab."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from lab.cli import client_options, open_lab, options
from lab.cli.client_options import OVER, QUEUE, TOPIC, USER
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON
from lab.errors import BrokerError, InputError, LabTimeout
from lab.living.lab import Live
from lab.masking import is_secret
from lab.units import parse_message_rate, several

_LONGEST = 64 * 2**20  # bytes of the standard input


def publish(
    broker: BROKER,
    body: Annotated[
        str | None,
        typer.Argument(
            metavar="[BODY]", help="The text of each message, or - for standard input (default: a numbered text)."
        ),
    ] = None,
    topic: TOPIC = None,
    queue: QUEUE = None,
    over: OVER = None,
    user: USER = None,
    count: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, help="The number of messages.")] = 1,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="The maximum rate, for example 50/s or 6/m.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Send one message for each line of standard input.")] = False,
    qos: Annotated[
        int | None,
        typer.Option("--qos", metavar="0|1|2", min=0, max=2, help="The MQTT quality of service (default: 1)."),
    ] = None,
    retained: Annotated[
        bool,
        typer.Option("--retained", help="Let the broker keep the last message for later subscribers, over MQTT only."),
    ] = False,
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header", metavar="NAME=VALUE", help="A header of each message, over STOMP and AMQP (repeatable)."
        ),
    ] = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Publish messages to a broker of a running lab; each is acknowledged before the next is sent.

    If the broker refuses a message, the command ends and prints the number of accepted messages.

    Example: mqlab publish tokyo hello --queue orders
    """
    client_options.destination(topic, queue)
    headers = _headers(header or ())
    over = client_options.protocol(over, queue)
    if headers and client_options.is_mqtt(over):
        raise InputError.of("--header: MQTT 3.1.1 has no headers", "write --over stomp or --over amqp")
    for option, given in (("--qos", qos is not None), ("--retained", retained)):
        if given and not client_options.is_mqtt(over):
            raise InputError.of(f"{option}: only MQTT has it, and this goes over {over}", "leave it out")
    every = None if rate is None else _interval(rate)
    if lines and (body not in (None, "-") or count != 1):
        raise InputError.of("--lines takes messages from standard input", "leave BODY and --count out")
    bodies = _lines() if lines else _bodies(body, count)
    with open_lab.attached(run, quiet=json) as live:
        told = send(
            live,
            broker,
            bodies,
            every=every,
            over=over,
            user=user,
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
) -> dict[str, Any]:
    """Publish bodies one by one, at most one in `every` seconds; return a summary, as JSON-able values.

    `to` is the keywords of `Conversation.publish`. Raise the error that ended it, with how many were accepted before.
    """
    clock = live.lab.clock
    accepted, sending = 0, False
    with live.connect(broker, over=over, user=user) as client:
        began = clock.now()
        try:
            for body in bodies:
                if every is not None:
                    clock.sleep(max(0.0, began + accepted * every - clock.now()))
                sending = True
                client.publish(body, **to)
                accepted, sending = accepted + 1, False
        except (KeyboardInterrupt, SystemExit):
            doubt = f", and message {accepted + 1} may have been" if sending else ""
            options.warn_of_each([f"{accepted} were accepted{doubt}"])
            raise
        except (BrokerError, LabTimeout) as error:
            raise type(error)(
                f"message {accepted + 1}: {error.what}; {accepted} were accepted", error.remedy
            ) from error
        return {
            "run": live.run,
            "broker": broker,
            "destination": str(client_options.destination(to.get("topic"), to.get("queue"))),
            "sent": accepted,
            "seconds": clock.now() - began,
        }


def _bodies(body: str | None, count: int) -> Iterator[bytes]:
    if body is None:
        return (f"message {number}".encode() for number in range(1, count + 1))
    octets = _standard_input() if body == "-" else body.encode("utf-8", "surrogateescape")  # as the shell gave it
    return (octets for _ in range(count))


def _standard_input() -> bytes:
    octets = sys.stdin.buffer.read(_LONGEST + 1)
    if len(octets) > _LONGEST:
        raise InputError.of("standard input has more than 64 MiB", "a broker takes no larger message")
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
                f"--header {shown}: no NAME=VALUE", "write --header NAME=VALUE, such as --header kind=order"
            )
    return pairs
