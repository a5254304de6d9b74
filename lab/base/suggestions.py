"""Remedies for unknown words: the nearest valid word, and the list of all valid ones."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping

from lab.errors import Place, Problem

_JMS = ("stomp", "amqp")
_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {  # words that people use → valid words, of any kind
    # protocols
    "jms": _JMS,
    "openwire": _JMS,
    "tcp": _JMS,
    "ssl": _JMS,
    "websocket": ("mqtt-wss", "stomp-wss"),
    "ws": ("mqtt-wss", "stomp-wss"),
    "wss": ("mqtt-wss", "stomp-wss"),
    # runtimes
    "docker": ("emulation",),
    "real": ("emulation",),
    "sim": ("simulation",),
    "simulate": ("simulation",),
    "virtual": ("simulation",),
    # commands
    "begin": ("up", "run"),
    "launch": ("up", "run"),
    "open": ("up",),
    "start": ("up", "run"),
    "test": ("run",),
    "execute": ("run",),
    "close": ("down",),
    "destroy": ("down", "delete"),
    "end": ("down",),
    "remove": ("down", "delete"),
    "rm": ("down", "delete"),
    "stop": ("down",),
    "clean": ("sweep",),
    "cleanup": ("sweep",),
    "prune": ("sweep",),
    "lint": ("check",),
    "validate": ("check",),
    "verify": ("check",),
    "new": ("generate", "create"),
    "ls": ("status", "scenarios", "list"),
    "list": ("status", "scenarios"),
    "ps": ("status",),
    "consume": ("listen",),
    "receive": ("listen",),
    "sub": ("listen",),
    "subscribe": ("listen",),
    "produce": ("publish",),
    "pub": ("publish",),
    "send": ("publish",),
    "build": ("images",),
    "install": ("images",),
    "report": ("judge", "history"),
    "timeline": ("history",),
    "show": ("status", "history"),
    "settings": ("doctor",),
    "sweep-parameters": ("vary",),
    "diagnose": ("doctor",),
    "explain": ("trace", "judge"),
    "why": ("trace", "judge"),
    "movie": ("film",),
    "video": ("film",),
    "animate": ("film",),
    "explore": ("vary",),
    "compare": ("vary",),
    "follow": ("watch", "trace"),
    "bookmark": ("mark",),
    "environment": ("env",),
    "credentials": ("env",),
    "endpoints": ("env",),
    # options
    "--expect": ("--scenario", "--expect"),
    "--expectations": ("--scenario", "--expect"),
    "--export": ("--shell",),
    "--bash": ("--shell",),
    "--vary": ("--set",),
    "--dask": ("--on",),
    "--cluster": ("--on",),
    "--since": ("--from",),
    "--until": ("--to",),
    "--timeout": ("--within", "--limit"),
    # verbs
    "fix": ("heal",),
    "mend": ("heal",),
    "repair": ("heal",),
    "restore": ("heal",),
    "break": ("cut",),
    "partition": ("cut",),
    "delay": ("impair",),
    "crash": ("kill",),
    "down": ("stop",),
    "restart": ("reboot",),
    "sleep": ("wait",),
}
_ONE = {"valid": "that is ", "shipped": "that is ", "to set": "", "its ends": "of "}  # labels that are no nouns
_MOST = 60  # words that are listed: a repeat may have a name for each of thousands of rounds


def remedy(word: str, valid: Iterable[str], label: str, meanings: Mapping[str, str] = {}) -> str:
    """Return the remedy for a wrong word: the nearest valid one, if any is near, and all valid ones after `label`."""
    words = list(valid)
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    listed = f"{label}: {', '.join(words[:_MOST]) or 'none'}{more}"
    if near := guess(word, words, meanings):
        return f"{near}\n{listed}"
    if not words:
        return listed
    return f"write one {_ONE.get(label, 'of the ')}{listed}"


def guess(word: str, valid: Iterable[str], meanings: Mapping[str, str] = {}) -> str:
    """Return "did you mean …?" with the valid words that a wrong word may stand for; "" if there are none."""
    near = meant(word, valid, meanings)
    why = " Clients of the lab do not speak OpenWire, the protocol of JMS." if near == _JMS else ""
    return f"did you mean {' or '.join(near)}?{why}" if near else ""


def meant(word: str, valid: Iterable[str], meanings: Mapping[str, str] = {}) -> tuple[str, ...]:
    """Return the valid words that a wrong one may stand for: those of the same meaning, or else the nearest one."""
    words = list(valid)
    known = set(words)
    if _folded(word) not in map(_folded, words) and (
        same := tuple(other for other in _OTHER_WORDS.get(_folded(word), ()) if other in known)
    ):
        return same
    near = nearest(word, words, meanings)
    return (near,) if near else ()


def nearest(word: str, valid: Iterable[str], meanings: Mapping[str, str] = {}, *, cutoff: float = 0.6) -> str:
    """Return the valid word that is nearest to a wrong one, whatever their case; "" if none is near.

    `meanings` has words that people write instead of valid ones; `cutoff` is the least likeness, up to 1.
    """
    folded = {_folded(name): name for name in valid} | {_folded(name): meant for name, meant in meanings.items()}
    near = difflib.get_close_matches(_folded(word), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else ""


def _folded(word: str) -> str:
    """Return a word in small letters without accents, and with narrow signs instead of full-width ones."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign)).lower()


def unknown(kind: str, name: str, valid: Iterable[str], label: str, place: Place | None) -> Problem:
    """Return the Problem that a name of some kind, such as broker, does not exist."""
    return Problem(what=f'no {kind} named "{name}"', remedy=remedy(name, valid, label), place=place)
