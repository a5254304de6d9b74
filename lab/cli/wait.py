"""wait, mark: until a condition holds in a running lab, and a name for a moment in its history."""

from __future__ import annotations

from collections.abc import Callable

from lab.cli import client_options, open_lab, options
from lab.cli.client_options import QUEUE, TOPIC
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import BY_OPTION, JSON, RUN, argument, option
from lab.errors import InputError
from lab.living.lab import Live, refuse_replayed

_LIMIT = "The maximum time to wait, after which the exit code is 4."
WITHIN = option("--within TIME", _LIMIT, "2m")
CONNECTOR = argument("[CONNECTOR]", "The network connector whose bridge must be up (default: all connectors).")


def bridge(
    connector: str | None = CONNECTOR, within: str = WITHIN, run: str | None = OF_RUN, json: bool = JSON
) -> None:
    """Wait until the bridges of a connector, or of all connectors, are up at both ends.

    Example: mqlab wait bridge connector_tokyo_to_singapore
    """
    seconds = client_options.seconds("--within", within)
    with open_lab.attached(run, quiet=json) as live:
        names = dict.fromkeys(each.connector for each in live.lab.note.plan.bridges)
        if not names:
            raise InputError.of("this lab has no network connector", "wait for demand, a broker or messages")
        wanted = (connector,) if connector is not None else tuple(names)
        _wait(live, lambda: all(map(live.bridged, wanted)), seconds, f"{', '.join(wanted)}: up at both ends", json)


def demand(
    broker: str = BROKER,
    topic: str | None = TOPIC,
    queue: str | None = QUEUE,
    within: str = WITHIN,
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Wait until a broker has demand for a destination: a consumer to which it forwards messages over a bridge.

    Example: mqlab wait demand tokyo --queue orders
    """
    where, seconds = client_options.destination(topic, queue), client_options.seconds("--within", within)
    with open_lab.attached(run, quiet=json) as live:
        live.account.broker(broker)
        what = f"{where} at {broker}: demand"
        _wait(live, lambda: live.demand(broker, topic=topic, queue=queue), seconds, what, json)


def serving(
    broker: str = BROKER,
    within: str = option("--within TIME", _LIMIT, "10m"),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Wait until a broker runs and all its endpoints accept connections.

    Example: mqlab wait broker tokyo
    """
    seconds = client_options.seconds("--within", within)
    with open_lab.attached(run, quiet=json) as live:
        _wait(live, lambda: live.serves(broker), seconds, f"{broker}: serving", json)


def messages(
    broker: str = BROKER,
    queue: str = option("--queue NAME", "The queue, as ActiveMQ names it.", ...),
    at_least: int | None = option("--at-least N", "The minimum number of messages.", min=1),
    at_most: int | None = option(
        "--at-most N", "The maximum number of messages (default: 0 without --at-least).", min=0
    ),
    within: str = WITHIN,
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Wait until a queue has a number of messages, including unacknowledged ones.

    Example: mqlab wait messages tokyo --queue orders --at-least 1
    """
    least, most = at_least or 0, at_most if at_most is not None else (None if at_least else 0)
    if most is not None and least > most:
        raise InputError.of(f"--at-least {least} and --at-most {most} exclude each other", "choose one")
    words = (
        f"at least {least}"
        if most is None
        else "none"
        if most == 0
        else f"{least} to {most}"
        if least
        else f"at most {most}"
    )
    seconds = client_options.seconds("--within", within)
    with open_lab.attached(run, quiet=json) as live:
        _wait(
            live,
            lambda: (
                (count := live.queued(broker, queue)) is not None and count >= least and (most is None or count <= most)
            ),
            seconds,
            f"{client_options.destination(None, queue)} at {broker}: {words} waiting",
            json,
        )


def _wait(live: Live, condition: Callable[[], bool], within: float, what: str, json: bool) -> None:
    began = live.lab.clock.now()
    live.wait(condition, within, what)
    took = live.lab.clock.now() - began
    options.show({"run": live.run, "what": what, "seconds": took}, [f"{what} ({took:.1f} s)"], json)


wait = {"bridge": bridge, "demand": demand, "broker": serving, "messages": messages}


def mark(
    text: str = argument("TEXT", 'The name of the mark, for example "before the cut".'),
    run: str | None = RUN,
    json: bool = JSON,
    by_option: str | None = BY_OPTION,
) -> None:
    """Add a mark to the history of a running lab.

    `mqlab judge --from` and `--to` accept the mark.

    Example: mqlab mark "before the cut"
    """
    note = open_lab.load_note(options.one_run(run, by_option))
    refuse_replayed(note)
    t = note.now()  # before the lab is reached, whose passwords are masked in the text
    with open_lab.attached(note.run) as live:
        live.history.mark(text, t)
        text = live.lab.mask().text(text)
    options.show({"run": note.run, "t": t, "text": text}, [f"{t:.3f} s: {text}"], json)
