"""The options of `docker run` for a container in a host's place: the lab's options, and those that users may add."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lab.errors import InputError, Problem
from lab.runtime.application.mounts import refusals
from lab.runtime.application.place import TRUSTED, HostPlace

# What an application's container may be given, with a value and without; nothing else is passed on.
_VALUED = frozenset([
    "attach", "cap-drop", "cidfile", "cpu-shares", "cpus", "cpuset-cpus", "detach-keys", "entrypoint", "env",
    "env-file", "expose", "group-add", "health-cmd", "health-interval", "health-retries", "health-start-period",
    "health-timeout", "hostname", "label", "log-opt", "memory", "memory-reservation", "memory-swap", "mount",
    "name", "pids-limit", "platform", "publish", "pull", "shm-size", "stop-signal", "stop-timeout", "tmpfs",
    "ulimit", "user", "volume", "workdir",
])  # fmt: skip
_FLAGS = frozenset(["detach", "init", "interactive", "no-healthcheck", "quiet", "read-only", "rm", "sig-proxy", "tty"])
_SHORT = {
    "a": "attach", "c": "cpu-shares", "e": "env", "h": "hostname", "l": "label", "m": "memory", "p": "publish",
    "u": "user", "v": "volume", "w": "workdir", "d": "detach", "i": "interactive", "q": "quiet", "t": "tty",
    "P": "publish-all",
}  # fmt: skip
_ROUTE = "the container has only the network of the host's region, and its only way out is the lab's router"
_NAMES = "the container has the lab's names, and no other name server"
_RIGHTS = "the container would have rights by which it could get past the router"
_REFUSED = {
    **dict.fromkeys(("network", "net", "network-alias", "net-alias", "ip", "ip6", "link", "link-local-ip"), _ROUTE),
    "mac-address": _ROUTE,
    **dict.fromkeys(("add-host", "dns", "dns-opt", "dns-option", "dns-search"), _NAMES),
    **dict.fromkeys(("privileged", "cap-add", "security-opt", "device", "device-cgroup-rule", "gpus"), _RIGHTS),
    **dict.fromkeys(("userns", "pid", "ipc", "uts", "cgroupns", "cgroup-parent", "sysctl", "runtime"), _RIGHTS),
    "volumes-from": "a broker's files and its secrets could be among them",
    "publish-all": "it publishes on every address of this machine",
    "volume-driver": "a driver may use another machine",
    "log-driver": "the log stays on the engine's machine, as json-file",
    "restart": "a container that ends with its lab is not started again",
    "label-file": "it may have labels by which mqlab distinguishes labs",
}
_WITH_VALUE = _VALUED | _REFUSED.keys() - {"privileged", "publish-all"}
_LOOPBACK = "127.0.0.1:"
_FORM = f"{_LOOPBACK}PORT:PORT"
_PUBLISHED = re.compile(r"127\.0\.0\.1:(?:\d+(?:-\d+)?)?:\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?")  # docker reads more forms


class Words(NamedTuple):
    """The words that follow `docker run`, cut before the image."""

    options: tuple[str, ...]
    command: tuple[str, ...]  # the image, and what runs in it


class _Option(NamedTuple):
    name: str
    written: str
    argument: str


def read(arguments: Sequence[str], folder: str = "") -> Words:
    """Return the words after `docker run`, cut before the image; InputError, with every option that is refused.

    Relative paths of volumes start from `folder`.
    """
    options: list[_Option] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        options += _take(rest)
    used = len(arguments) - len(rest)
    image = rest[1:] if rest[:1] == ["--"] else rest
    problems = [problem for option in options for problem in _wrong(option, folder)]
    if not image and not problems:
        problems.append(Problem(what="no image is named", remedy="write mqlab host run HOST -- OPTIONS IMAGE COMMAND"))
    if problems:
        raise InputError(problems)
    return Words(tuple(arguments[:used]), tuple(image))


def _take(rest: list[str]) -> Iterator[_Option]:
    """Take the next word, with its value, from the rest, as docker does; yield the options in it."""
    word = rest.pop(0)
    if word.startswith("--"):
        name, given, value = word[2:].partition("=")
        if not given and name in _WITH_VALUE:
            value = _value(word, rest)
        yield _Option(name, f"--{name}", value)
        return
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        name = _SHORT.get(letter, letter)
        if name in _WITH_VALUE:
            yield _Option(name, f"-{letter}", letters.removeprefix("=") if letters else _value(f"-{letter}", rest))
            return
        yield _Option(name, f"-{letter}", "")
        if letters.startswith("="):
            return


def _value(written: str, rest: list[str]) -> str:
    if not rest:
        raise InputError.of(f"{written} has no value", "write the value after the option")
    return rest.pop(0)


def _wrong(option: _Option, folder: str) -> Iterator[Problem]:
    """Yield a Problem for an option that is unknown, or would open a way past the router."""
    name, written, value = option
    if name in _REFUSED:
        yield Problem(what=f"{written} is refused: {_REFUSED[name]}", remedy="leave it out")
    elif name not in _VALUED | _FLAGS:
        known = ", ".join(f"--{each}" for each in sorted(_VALUED | _FLAGS))
        what = f"{written} is refused: mqlab does not pass this option to docker run"
        yield Problem(what=what, remedy=f"use these options: {known}")
    if name == "publish" and not _PUBLISHED.fullmatch(value):
        what = f"{written} {value} is refused: only 127.0.0.1 can be published"
        *_, outside, inside = ["", *value.split(":")]
        right = f"{_LOOPBACK}{outside}:{inside}"
        yield Problem(what=what, remedy=f"write {written} {right if _PUBLISHED.fullmatch(right) else _FORM}")
    for which, why in refusals(name, value, folder) if name in ("volume", "mount") else ():
        yield Problem(what=f"{written} {which} is refused: {why}", remedy="leave it out")
    if name == "label" and value.startswith("mqlab."):
        yield Problem(what=f"{written} {value} is refused: mqlab distinguishes labs by it", remedy="use another label")


def run_options(place: HostPlace) -> list[tuple[str, ...]]:
    """Return the lab's options for `docker run`, each with its value; they come last: docker uses the last."""
    pairs: list[tuple[str, ...]] = [
        ("--network", place.network),
        ("--ip", place.address),
        ("--hostname", place.host),
        ("--dns", "127.0.0.1"),
        ("--dns-option", "timeout:1"),
        ("--dns-option", "attempts:1"),
        ("--log-driver", "json-file"),
        ("--cap-drop", "NET_RAW"),
        ("--security-opt", "no-new-privileges"),
        ("--mount", f"type=volume,source={place.volume},target={TRUSTED},readonly"),
    ]
    pairs += (("--add-host", f"{name}:{address}") for name, address in place.names.items())
    pairs += (("--env", f"{name}={value}") for name, value in place.environment.items())
    pairs += (("--label", f"{name}={value}") for name, value in place.labels.items())
    return pairs


def command(place: HostPlace, words: Words) -> list[str]:
    """Return the whole command that runs an application in a host's place."""
    named = any(each == "--name" or each.startswith("--name=") for each in words.options)
    name = () if named else ("--name", f"mqlab-{place.run}-{place.host}")
    ours = (word for pair in run_options(place) for word in pair)
    return ["docker", "run", *name, *words.options, *ours, *words.command]
