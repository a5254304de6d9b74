"""record: the messages that arrive at brokers, written to a file that can be replayed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path

from msgspec.structs import asdict

from lab.activemq.destinations import has_wildcard, hears
from lab.base.masking import Mask
from lab.base.settings import PASSWORD
from lab.base.units import several
from lab.cli import client_options, completion, conflicts, new_files, open_lab, options
from lab.cli.client_options import OVER, USER
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, argument, flag, option
from lab.declare.recordings import LOST, Footer, Redaction, check_name
from lab.errors import BrokerError, InputError
from lab.living.broker_url import is_url, source
from lab.living.lab import Live
from lab.living.recording import Source, Wanted
from lab.living.recording import record as record_at
from lab.runtime.clock import RealClock


def record(
    brokers: list[str] = argument(
        "BROKER|URL...",
        "The brokers of a running lab, by name or id, or URLs, for example mqtt+ssl://HOST.",
        complete=completion.brokers,
    ),
    output: Path = option("--output -o FILE", "The new file to write: NAME.jsonl or NAME.jsonl.gz.", ...),
    topic: list[str] | None = option("--topic NAME", "A topic to record, for example prices.> (repeatable)."),
    queue: list[str] | None = option(
        "--queue NAME", "A queue to record by browsing, which removes no messages (repeatable)."
    ),
    over: str | None = OVER,
    user: str | None = USER,
    within: str | None = option("--for TIME", "The time after which the command ends."),
    count: int | None = option("--count -n N", "The number of messages after which the command ends.", min=1),
    every: str = option("--every TIME", "The time between two polls of a queue.", "1s"),
    consume: bool = flag("--consume", "Consume the messages of the queues, instead of browsing them."),
    keep_headers: bool = flag(
        "--keep-headers", "Keep passwords and tokens in headers (default: asterisks replace them)."
    ),
    ca_file: Path | None = option("--ca-file FILE", "The CA certificates for URLs, as a PEM file."),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Record messages at brokers into a file that a scenario can replay.

    The command runs until Ctrl-C. Bodies are kept byte for byte; only you may read the file. Queues are polled.
    MQLAB_USER and MQLAB_PASSWORD are the login for URLs.

    Example: mqlab record tokyo --queue orders --output orders.jsonl --for 2s
    """
    given = conflicts.written(record, locals())
    wanted = Wanted(
        topics=tuple(dict.fromkeys(topic or ())),
        queues=tuple(dict.fromkeys(queue or ())),
        consume=consume,
        every=_positive("--every", every),
        seconds=None if within is None else _positive("--for", within),
        most=count,
    )
    _check(wanted)
    check_name(output)
    new_files.check_new(output)
    urls = [each for each in dict.fromkeys(brokers) if is_url(each)]
    names = [each for each in dict.fromkeys(brokers) if not is_url(each)]
    facts = ["no-url"] * (not urls) + ["no-broker-of-a-lab"] * (not names)
    conflicts.check("record", given, *facts)
    protocol = client_options.protocol(over, wanted.queues[0] if wanted.queues else None) if names else ""
    with ExitStack() as lab:
        live = lab.enter_context(open_lab.attached(run, quiet=json)) if names else None
        clock = RealClock() if live is None else live.lab.clock
        mask = Mask.of([PASSWORD.get(os.environ)])
        sources = [source(each, os.environ, clock, over=over, ca_file=ca_file) for each in urls]
        for each in sources:
            client_options.protocol(each.over, wanted.queues[0] if wanted.queues else None)
        if live is not None:
            mask |= live.lab.mask()
            sources = [*(of_lab(live, each, protocol, user) for each in names), *sources]
        sources = list({each.name: each for each in sources}.values())  # a broker has a name and ids, and URLs

        def ready() -> None:
            what = f"recording {', '.join(wanted.destinations)} at {', '.join(brokers)}: Ctrl-C ends it"
            options.err().print(what, markup=False, highlight=False, soft_wrap=True)

        redaction = None if keep_headers else Redaction(mask)
        footer = record_at(sources, wanted, output, clock, redaction=redaction, ready=ready)
    show(footer, output, json)


def show(footer: Footer, file: Path, json: bool) -> None:
    """Print a recording's summary; raise BrokerError if a lost connection ended it, in JSON instead of the rest."""
    lost = footer.ended.startswith(LOST)
    if not (lost and json):
        options.show({"file": str(file), **asdict(footer)}, told(footer, file), json)
    if lost:
        what = (
            f"the recording ended early ({footer.ended}); {file} has {several(footer.messages, 'message')} until then"
        )
        raise BrokerError(what, "record again, into another file: later messages are missing")


def of_lab(live: Live, broker: str, over: str, user: str | None) -> Source:
    """Return a broker of an open lab, to record at."""
    name = live.account.broker(broker).name
    return Source(
        name=name,
        where=f"lab {live.run}",
        over=over,
        connect=lambda take: live.connect(name, over, user=user, on_message=take),
    )


def told(footer: Footer, file: Path) -> Iterator[str]:
    """Yield lines on the recorded messages, and on those that may be missing."""
    yield f"{several(footer.messages, 'message')} in {footer.seconds:.1f} s in {file} (ended: {footer.ended})"
    for name, count in footer.redacted.items():
        yield f"  the header {name} is masked in {several(count, 'message')}"
    for each in footer.missed:
        yield f"  possibly missing: {each}"


def _check(wanted: Wanted) -> None:
    for each in wanted.topics:
        client_options.destination(each, None)
    for one, other in combinations(wanted.topics, 2):
        if hears(f"topic://{one}", f"topic://{other}"):
            what = f"--topic {one} and --topic {other} match the same messages, which would be recorded twice"
            raise InputError.of(what, "remove the narrower topic")
    for each in wanted.queues:
        client_options.destination(None, each)
        if has_wildcard(f"queue://{each}") and not wanted.consume:
            raise InputError.of(
                f"--queue {each} matches several queues, and each is polled by its name",
                "write --queue NAME for each queue",
            )


def _positive(option: str, text: str) -> float:
    seconds = client_options.seconds(option, text)
    if not seconds:
        raise InputError.of(f"{option} {text} is no time at all", f"write {option} 10s")
    return seconds
