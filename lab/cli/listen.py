"""listen: messages of a running lab's broker, printed as they come."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from lab.base.units import several
from lab.cli import client_options, open_lab, options
from lab.cli.client_options import OVER, QUEUE, TOPIC, USER
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, option
from lab.errors import InputError, LabTimeout
from lab.living.lab import Live
from lab.runtime.messages import Incoming

_LONG = 10.0**8  # seconds: three years, where nothing ends the listening


def listen(
    broker: str = BROKER,
    topic: str | None = TOPIC,
    queue: str | None = QUEUE,
    over: str | None = OVER,
    user: str | None = USER,
    selector: str | None = option("--selector SQL", "The JMS selector that messages must match, over STOMP and AMQP."),
    count: int | None = option("--count -n N", "The number of messages after which the command ends.", min=1),
    within: str | None = option(
        "--within TIME",
        "The time after which the command ends; with --count, the exit code is 4 if messages are missing.",
    ),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Print the messages of a topic or a queue as they arrive: the body, or with --json all properties.

    A message is removed from its queue once it is printed. Without --count and --within, the command runs until Ctrl-C.

    Example: mqlab listen tokyo --queue orders --count 1
    """
    where = client_options.destination(topic, queue)
    if client_options.is_mqtt(client_options.protocol(over, queue)) and selector is not None:
        raise InputError.of("--selector: MQTT 3.1.1 has no selectors", "write --over stomp or --over amqp")
    seconds = None if within is None else client_options.seconds("--within", within)
    with open_lab.attached(run, quiet=json) as live:
        for each in heard(
            live, broker, topic=topic, queue=queue, over=over, user=user, selector=selector, count=count, within=seconds
        ):
            if each is None:
                options.err().print(f"listening to {where} at {broker}", markup=False, highlight=False, soft_wrap=True)
            elif json:
                options.print_json_line(to_dict(each))
            else:
                options.say(each.body.decode("utf-8", "backslashreplace"))


def heard(
    live: Live,
    broker: str,
    *,
    topic: str | None = None,
    queue: str | None = None,
    over: str | None = None,
    user: str | None = None,
    selector: str | None = None,
    count: int | None = None,
    within: float | None = None,
) -> Iterator[Incoming | None]:
    """Yield None once subscribed, then each message, until `count` have come or `within` seconds are over.

    A message of a queue is acknowledged when the caller asks for the next message; without that, it stays in the
    queue. Raise LabTimeout if fewer than `count` have come by then.
    """
    clock = live.lab.clock
    with live.connect(broker, over=client_options.protocol(over, queue), user=user) as client:
        if queue is None:
            client.subscribe(topic=topic, selector=selector)
        else:
            client.subscribe(queue=queue, selector=selector, ack="client-individual", prefetch=1)
        until = clock.now() + (_LONG if within is None else within)
        yield None
        came = 0
        while count is None or came < count:
            try:
                message = client.receive(within=max(0.0, until - clock.now()))
            except LabTimeout as error:
                if count is None:
                    return
                what = f"{came} of {several(count, 'message')} came within {_LONG if within is None else within:g} s"
                raise LabTimeout(what) from error
            came += 1
            yield message
            if message.token is not None:
                client.acknowledge(message)


def to_dict(message: Incoming) -> dict[str, Any]:
    """Return a message as JSON-able values: its body as `body`, or as `body_base64` where it is no UTF-8."""
    try:
        body = {"body": message.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(message.body).decode()}
    flags = {name: True for name in ("retained", "redelivered") if getattr(message, name)}
    return {"destination": str(message.destination), **body, "headers": dict(message.headers), **flags}
