"""Lines of a broker's log: their parts, and the names of the events that they report. Pure.

The sentences are those of ActiveMQ 5.17 to 5.19; the names are the lab's, and scenarios use them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import re2

from lab.base.dataclass import dataclass

LONGEST_LINE = 500  # characters of a line that are kept; what matters is at its beginning
_LOOKED_AT = 16 * 1024  # characters that are masked at first
_BEHIND = _LOOKED_AT - LONGEST_LINE  # characters of the longest form of a password that is looked for in a longer text
LOCKED = "store-locked"  # the name of the line that a standby logs when it waits for the store
BY_ANOTHER = "locked by another server"  # a standby's words for why it waits
STARTED = "broker-started"  # the name of the line that an instance logs when it serves clients
_WARNINGS = ("WARN", "ERROR", "FATAL")
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) +([A-Z]+) +\[.*?\] ([^ |]+) \| (.*)")
_BRIDGE = r"^DemandForwardingBridgeSupport \| "
_SHUT_DOWN = rf"{_BRIDGE}Network connection between .* shutdown due to a (?:remote|local) error"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLine:
    """One line of a broker's log, taken apart."""

    at: datetime
    level: str
    text: str  # without time and thread: `BrokerService | Apache ActiveMQ 5.18.3 (tokyo, …) started`


# Tried in this order: a pattern that names the cause comes before one that names only the event. What a broker or a
# bridge did is told by one logger in words of its own at the line's beginning: clients' words stand in other lines.
NAMED: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "password-invalid": r"password is invalid",
        "not-authorized": r"not authorized to",
        "certificate-untrusted": r"PKIX path building failed|trustAnchors parameter must be non-empty",
        "host-name-wrong": r"No subject alternative",
        "inactive": r"Channel was inactive for too",
        "connection-refused": r"Connection refused",
        "connection-reset": r"Connection reset|Broken pipe",
        "connection-timed-out": r"[Cc]onnect(?:ion)? timed out|negotiation timeout|Timeout during handshake",
        "connection-closed": rf"{_SHUT_DOWN}: java\.io\.EOFException",
        "bridge-loop": rf"{_BRIDGE}.*loop ?back connect",
        "client-id-taken": r"already connected from",
        "duplex-replaced": r"^TransportConnection \| Stopping an existing active duplex connection",
        "duplicate": r"[Dd]uplicate (?:add attempt|message|from store|paged in|forwards)|got duplicate|ing duplicate",
        "dead-letter": r"for dlq processing|[Rr]edirecting to dlq",
        "store-limit": r"[Ss]tore is Full",
        "memory-limit": r"Usage Manager [Mm]emory [Ll]imit",
        "slow-consumer": r"appears to be slow|[Ss]low [Cc]onsumer",
        "message-too-large": r"larger than max allowed",
        "bridge-failed": rf"^\w*NetworkConnector \| Could not start network bridge|{_SHUT_DOWN}",
        "bridge-started": rf"{_BRIDGE}Network connection between .* has been established",
        "bridge-answered": r"^TransportConnection \| Started responder end of duplex bridge",
        "bridge-stopped": rf"{_BRIDGE}.* bridge to .* stopped",
        STARTED: r"^BrokerService \| Apache ActiveMQ .* \(.*\) started",
        "broker-stopped": r"^BrokerService \| Apache ActiveMQ .* \(.*\) is shutdown",
        LOCKED: rf"^\w*Locker \| .*{BY_ANOTHER}",
        "store-recovered": r"^(?:PageFile|MessageDatabase) \| .*(?:prior unclean shutdown|Recovering from the journal)",
    }.items()
}
OF_NO_MESSAGE = frozenset([  # names of lines that no client's message brings about, and so the want of none
    STARTED, LOCKED, "store-recovered", "bridge-loop", "duplex-replaced", "host-name-wrong", "connection-refused",
])  # fmt: skip
_REPEAT_UP_TO = re.compile(r"(?<!\\)(\{,([0-9]+)\})")
_HARMLESS = re.compile(r"has uncovered http methods for path")  # Jetty warns of it at every start


def read(line: str, mask: Callable[[str], str] = str) -> LoggedLine | None:
    """Return the parts of a line, or None if it has no time: a stack trace's, or one of Java's own.

    `mask` takes passwords out of a text, as for `shortened`.
    """
    found = _LINE.match(line)
    if found is None:
        return None
    moment, level, logger, said = found.groups()
    return LoggedLine(at=datetime.fromisoformat(moment), level=level, text=shortened(f"{logger} | {said}", mask))


def shortened(text: str, mask: Callable[[str], str]) -> str:
    """Return the part of a text that is kept; a long text is masked first, since a cut password cannot be recognised.

    Masking makes a text shorter. So a longer part of the text is read until enough is left before a possible beginning
    of a password. The mask reads each character twice at most.

    >>> shortened("x" * 495 + "S3cretS3cret1", lambda text: text.replace("S3cretS3cret1", "********"))[490:]
    'xxxxx*****'
    """
    if len(text) <= LONGEST_LINE:
        return text
    looked_at = _LOOKED_AT
    while looked_at < len(text):
        safe = mask(text[:looked_at])[:-_BEHIND]
        if len(safe) >= LONGEST_LINE:
            return safe[:LONGEST_LINE]
        looked_at *= 2
    return mask(text)[:LONGEST_LINE]


def name_of(text: str) -> str:
    """Return the name of the event that a line reports, or an empty text."""
    return next((name for name, pattern in NAMED.items() if pattern.search(text)), "")


def is_kept(line: LoggedLine) -> bool:
    """Return whether a history keeps a line: warnings, errors, and events with a name."""
    return (line.level in _WARNINGS and not _HARMLESS.search(line.text)) or bool(name_of(line.text))


class Pattern(Protocol):
    """A pattern that is searched for in a line."""

    def search(self, text: str, /) -> object:
        """Return a match, or None if the text has none."""


def pattern(matches: str) -> Pattern:
    """Return the pattern of that name, or else the regular expression; raise ValueError if it is invalid.

    A person's expression is RE2's, which takes time in proportion to the line, whatever the expression.
    """
    if matches in NAMED:
        return NAMED[matches]
    if repeat := _REPEAT_UP_TO.search(matches):
        raise ValueError(f"{repeat[1]} does not repeat in RE2, which reads it as text: write {{0,{repeat[2]}}}")
    options = re2.Options()
    options.log_errors = False  # they are raised below
    try:
        found: Pattern = re2.compile(matches, options)
    except re2.error as error:
        (why,) = error.args
        raise ValueError(why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)) from error
    return found
