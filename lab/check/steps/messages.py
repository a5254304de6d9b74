"""Checks of the steps that send messages or take them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.activemq.protocols import protocol
from lab.amazonmq.files.activemq_xml import LARGEST_BODY, LARGEST_FRAME
from lab.base.printable import is_text
from lab.base.units import format_size
from lab.check.context import Context
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, too_early
from lab.check.terms import NO_QUEUES, WHOLE_NAME, check_destination, check_terms
from lab.declare.scenario import Scenario
from lab.declare.steps.clients import Subscribe
from lab.declare.steps.messages import Browse, Consume, EndTraffic, Message, Request, Traffic
from lab.declare.unrolling import every_step
from lab.errors import Problem

LONGEST_EXPIRY = timedelta(milliseconds=2**32 - 1)


@checks.register(Message)
def check_message(context: Context, step: Message) -> Iterator[Problem]:
    """Yield the Problems of the messages and their destination."""
    yield from check_destination(context, step)
    if has_wildcard(destination_of(step) or ""):
        field = "topic" if step.topic is not None else "queue"
        yield context.wrong(field, "a message is sent to one destination", WHOLE_NAME)
    yield from check_terms(context, step)
    yield from _body(context, step)
    if step.expiry is not None and protocol(step.over) == "amqp" and step.expiry > LONGEST_EXPIRY:
        yield context.wrong("expiry", "AMQP permits an expiry of at most 2^32 ms", "write 1193h or less")
    if not all(is_text(each) for pair in (step.headers or {}).items() for each in pair):
        yield context.wrong("headers", "half of a surrogate pair is no text", "write the whole character")
    if step.expiry is not None and not step.expiry:
        right = "write a longer time, or remove expiry"
        yield context.wrong("expiry", "the message would expire before it is sent", right)


def _body(context: Context, step: Message) -> Iterator[Problem]:
    if step.size is not None and step.body is not None:
        yield context.wrong("size", "size applies only to a body that the lab generates", "remove size, or body")
    if step.file is not None:
        for field in ("body", "size"):
            if getattr(step, field) is not None:
                yield context.wrong(field, "the body is in a file", f"remove {field}, or file")
    if step.size is not None and step.size > LARGEST_BODY:
        what = f"a broker takes no frame of more than {format_size(LARGEST_FRAME)}"
        yield context.wrong("size", what, f"write at most {format_size(LARGEST_BODY)}, so that the headers have room")


@checks.register(Request)
def check_request(context: Context, step: Request) -> Iterator[Problem]:
    """Yield a Problem over MQTT, or if no client that receives the requests answers them."""
    if protocol(step.over) == "mqtt":
        yield context.wrong("over", "MQTT has no temporary queues", "write over: stomp or amqp")
    asked = destination_of(step) or ""
    subscriptions = [each for each in every_step(context.scenario.steps) if isinstance(each, Subscribe)]
    if not any(each.replies and hears(destination_of(each) or "", asked) for each in subscriptions):
        right = "write replies: yes in a subscribe step of a client of this destination"
        yield context.whole(f"no client answers requests to {asked}", right)


class Flows:
    """The names of traffic so far: running until it is ended, ended by itself perhaps, and all."""

    def __init__(self, scenario: Scenario) -> None:
        self.going_on: set[str] = set()
        self.timed: set[str] = set()
        self.known: set[str] = set()


@checks.register(Traffic)
def check_traffic(context: Context, step: Traffic) -> Iterator[Problem]:
    """Yield a Problem if traffic with that name is running, or if no step follows it and its duration is unlimited."""
    flows = context.recall(Flows)
    if step.name in flows.going_on:
        right = f"write another name, or put the step end-traffic {step.name} before it"
        yield context.wrong("name", f"traffic named {step.name} is running already", right)
    (flows.going_on if step.duration is None else flows.timed).add(step.name)
    flows.known.add(step.name)
    last = len(context.scenario.steps) - 1
    if context.path == ("steps", last, step.verb) and step.duration is None:
        what = f"traffic {step.name} would end as soon as it begins: no step comes after it"
        place = context.scenario.origin.place("steps", last)
        yield Problem(what=what, remedy="add duration: 10s, or a wait step after this step", place=place)


@checks.register(EndTraffic)
def check_end_traffic(context: Context, step: EndTraffic) -> Iterator[Problem]:
    """Yield a Problem if no traffic of that name goes on at that time."""
    flows = context.recall(Flows)
    going_on = flows.going_on | flows.timed
    if step.name not in going_on:
        names = {each.name for each in every_step(context.scenario.steps) if isinstance(each, Traffic)}
        if step.name in flows.known:
            reason = "has been ended before"
        else:
            reason = "begins only later" if step.name in names else "never begins"
        act = "remove this step" if step.name in flows.known else "add a step traffic before this step"
        right = f"{act}, or name another; traffic that goes on here: {', '.join(sorted(going_on)) or 'none'}"
        yield context.wrong("name", f"traffic named {step.name} {reason}", right)
    flows.going_on.discard(step.name)
    flows.timed.discard(step.name)


@checks.register(Consume)
def check_consume(context: Context, step: Consume) -> Iterator[Problem]:
    """Yield the Problems of a consume step: of its client's subscription, or of its queue."""
    yield from _of_a_queue(context, step) if step.queue is not None else _of_a_subscription(context, step)


def _of_a_queue(context: Context, step: Consume) -> Iterator[Problem]:
    if protocol(step.over or "") == "mqtt":
        yield context.wrong("over", NO_QUEUES, "write over: stomp or amqp")
    if has_wildcard(destination_of(step) or ""):
        yield context.wrong("queue", "consume takes messages from one queue", WHOLE_NAME)
    if step.client in context.recall(Subscriptions).now:
        right = "remove the fields queue, broker and over, or write another name for the client"
        yield context.wrong("client", f"the client {step.client} is subscribed already", right)


def _of_a_subscription(context: Context, step: Consume) -> Iterator[Problem]:
    subscriptions = context.recall(Subscriptions)
    if step.client not in subscriptions.first:
        yield too_early(context, step.client)
        return
    if step.client not in subscriptions.now:
        what = f"the client {step.client} has gone, so it has no messages to consume"
        yield context.wrong("client", what, "let it subscribe again first, or write the fields queue, broker and over")
        return
    manual = [each for each in subscriptions.now[step.client] if each.ack != "auto"]
    if not manual:
        what = f"{step.client} acknowledges each message on arrival, so consume finds none"
        yield context.wrong(
            "client", what, "subscribe it with ack: client-individual, or use wait: {until: received, …}"
        )
    elif not step.ack and len(manual) == 1 and (most := manual[0].prefetch) is not None and step.count > most:
        what = f"{step.client} has prefetch {most}, so only {most} messages arrive before it acknowledges one"
        yield context.wrong("count", what, f"write count: {most} or less, or subscribe with a larger prefetch")


@checks.register(Browse)
def check_browse(context: Context, step: Browse) -> Iterator[Problem]:
    """Yield the Problems of the queue, the protocol and the client."""
    if protocol(step.over) == "mqtt":
        yield context.wrong("over", NO_QUEUES, "write over: stomp or amqp")
    if has_wildcard(f"queue://{step.queue}"):
        yield context.wrong("queue", "browse reads one queue", WHOLE_NAME)
    elif "," in step.queue:
        yield context.wrong("queue", "browse reads one queue", "write a step for each part")
    if step.client in context.recall(Subscriptions).now:
        what = f"the client {step.client} is subscribed already, and browse connects a new client"
        yield context.wrong("client", what, "write another name for the client")
