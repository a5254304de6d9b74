"""The look of each kind of fault on the page: a table by the kind of Observation and its state.

A kind that is not here is shown as a mark, with its kind as label and its fields as words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lab.base.dataclass import dataclass


class Tone(StrEnum):
    """The colour of a band or a mark; the style sheet knows each, in light and dark."""

    SHUT = "shut"  # nothing passes
    WORSE = "worse"  # something passes, but not as before
    DOWN = "down"  # a bridge or client went away
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The label and the colour of one state."""

    label: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The fields of a kind of Observation that name a thing and its state, and the look of each state."""

    subject: tuple[str, ...]  # the fields that name the thing
    state: str  # the field that holds its state
    looks: Mapping[str, Look | None]  # by state: the look of the band that begins; None continues the present band
    ends: tuple[str, ...]  # the states that end a band


COURSES: Mapping[str, Course] = {
    "link": Course(
        subject=("link", "leaving", "reaching"),
        state="state",
        looks={
            "cut": Look(label="link cut", tone=Tone.SHUT),
            "reject": Look(label="link rejects", tone=Tone.SHUT),
        },
        ends=("open",),
    ),
    "broker": Course(
        subject=("broker", "standby"),
        state="state",
        looks={
            "stopping": Look(label="broker stopped", tone=Tone.SHUT),
            "stopped": Look(label="broker stopped", tone=Tone.SHUT),
            "killed": Look(label="broker killed", tone=Tone.SHUT),
            "paused": Look(label="broker paused", tone=Tone.WORSE),
            "deleted": Look(label="broker deleted", tone=Tone.SHUT),
            "starting": None,
            "creating": None,
        },
        ends=("started", "resumed", "active", "created"),
    ),
    "sight": Course(
        subject=("broker", "of", "instance"),
        state="state",
        looks={"lost": Look(label="not seen", tone=Tone.WORSE)},
        ends=("regained",),
    ),
    "connector": Course(
        subject=("broker", "connector"),
        state="state",
        looks={"stopped": Look(label="connector stopped", tone=Tone.SHUT)},
        ends=("started",),
    ),
    "peering": Course(
        subject=("peering",),
        state="state",
        looks={
            "initiating-request": None,
            "pending-acceptance": Look(label="peering pending", tone=Tone.WORSE),
            "failed": Look(label="peering failed", tone=Tone.SHUT),
            "rejected": Look(label="peering rejected", tone=Tone.SHUT),
            "expired": Look(label="peering expired", tone=Tone.SHUT),
            "deleted": Look(label="peering deleted", tone=Tone.SHUT),
        },
        ends=("active",),
    ),
    "route": Course(
        subject=("table", "destination"),
        state="state",
        looks={
            "blackhole": Look(label="route blackhole", tone=Tone.SHUT),
            "deleted": Look(label="route deleted", tone=Tone.SHUT),
        },
        ends=("active",),
    ),
    "rule": Course(
        subject=("group", "rule"),
        state="state",
        looks={"revoked": Look(label="rule revoked", tone=Tone.WORSE)},
        ends=("authorized",),
    ),
    "client": Course(
        subject=("client",),
        state="state",
        looks={
            "disconnected": Look(label="client away", tone=Tone.PLAIN),
            "lost": Look(label="client lost", tone=Tone.DOWN),
            "refused": None,
            "gave-up": None,
        },
        ends=("returned",),
    ),
    "bridge": Course(
        subject=("connector", "broker", "remote", "created_by_duplex"),
        state="up",
        looks={"False": Look(label="bridge down", tone=Tone.DOWN)},
        ends=("True",),
    ),
}
IMPAIRED = Look(label="link impaired", tone=Tone.WORSE)
MARKS: Mapping[str, Look] = {
    "trouble": Look(label="trouble", tone=Tone.SHUT),
    "uncalibrated": Look(label="outside the calibrated range", tone=Tone.WORSE),
    "achieved": Look(label="less than asked", tone=Tone.WORSE),
    "paced": Look(label="rate not kept", tone=Tone.WORSE),
    "replied": Look(label="answer not sent", tone=Tone.SHUT),
    "approach": Look(label="not let in", tone=Tone.WORSE),
    "maintenance": Look(label="maintenance", tone=Tone.PLAIN),
    "mark": Look(label="noted", tone=Tone.PLAIN),
    "unwatched": Look(label="not watched", tone=Tone.WORSE),
    "forgotten": Look(label="removed", tone=Tone.WORSE),
}
COUNTERS = ("ended", "link-counters", "destination", "counted", "dropped")  # shown elsewhere on the page
SILENT = (  # no faults: only in the list of events
    *COUNTERS,
    "observer",
    "connection",
    "consumer",
    "message",
    "transaction",
    "answered",
    "browsed",
    "step",
    "step-ended",
    "demand",
    "snapshot",
    "log",
    "policy",
    "attempt",
    "configuration",
    "record",
)
