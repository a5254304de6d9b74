"""Message selectors: the comparisons of SQL 92 that ActiveMQ supports, on headers that are texts.

Arithmetic, functions and XPATH are not supported here: they raise `Untold`, and nothing is guessed. For a STOMP client
ActiveMQ reads a header as a number if it is compared with one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

Value = str | int | float | bool | None
_Test = Callable[[Mapping[str, Value]], bool | None]
_Taken = Callable[[Value, Value], Value]

_TOKEN = re.compile(
    r"(?:(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+)|(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<sign><>|<=|>=|[-=<>(),]))"
)
_SPACES = re.compile(r"\s*")
_KEYWORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "LIKE", "ESCAPE", "IS", "NULL", "TRUE", "FALSE"})
_OURS = ("JMS", "mqlab_")  # prefixes of headers that brokers and the lab set themselves
_DEEPEST_PARENTHESES = 40  # parentheses in each other
ANY = "*"  # among varying headers: every header of a message may have any value
_LONGEST_NUMBER = 40  # digits; neither a long nor a double has as many


class Untold(ValueError):
    """It is unknown whether a selector matches a message; the text has the reason."""


class _Varying(str):
    """The value of a header that differs from message to message."""


class _AnyHeaders(dict[str, Value]):
    """Headers of which the lab knows only some: every other one varies."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: object = None) -> Value:
        return super().get(name, _Varying())


def matches(selector: str, headers: Mapping[str, Value], *, read_as_numbers: bool = True) -> bool:
    """Return whether a selector matches a message with these headers; raise Untold if that is unknown."""
    return _parsed(selector, read_as_numbers)(headers) is True


def matches_over(protocol: str, selector: str, headers: Mapping[str, Value]) -> bool:
    """Return `matches` for a client of a protocol; raise Untold if the answer depends on earlier clients of the broker.

    ActiveMQ 5.18.3 parses a selector once for all clients with the same text: an AMQP client has headers compared as
    numbers only if a STOMP client used that text first.
    """
    found = matches(selector, headers)
    if protocol != "stomp" and found is not matches(selector, headers, read_as_numbers=False):
        raise Untold("ActiveMQ reads the header's text as a number only if a STOMP client used this selector before")
    return found


def properties(
    headers: Mapping[str, str],
    *,
    group: str | None,
    priority: int | None,
    persistent: bool,
    varying: Iterable[str] = (),
) -> Mapping[str, Value]:
    """Return the headers that a selector can use, as far as the publisher of a message decides them.

    Whether a message matches a selector on one that is `varying` among messages is Untold.
    """
    if ANY in varying:
        return _AnyHeaders(JMSDeliveryMode=_mode(persistent))
    found: dict[str, Value] = dict(headers)
    found["JMSXGroupID"] = group
    found["JMSPriority"] = 4 if priority is None else priority
    found["JMSDeliveryMode"] = _mode(persistent)
    found |= dict.fromkeys(varying, _Varying())
    return found


def _mode(persistent: bool) -> str:
    return "PERSISTENT" if persistent else "NON_PERSISTENT"


def _parsed(selector: str, read_as_numbers: bool) -> _Test:
    """Return the test that a selector makes; raise Untold if it cannot be read."""
    reader = _Reader(selector, _as if read_as_numbers else _as_it_is)
    test = reader.either(0)
    if reader.next:
        reader.stuck()
    return test


class _Reader:
    def __init__(self, selector: str, taken: _Taken) -> None:
        self._selector, self._taken = selector, taken
        self._tokens: deque[tuple[str, str]] = deque()
        position = _skip(selector, 0)
        while position < len(selector):
            found = _TOKEN.match(selector, position)
            if found is None:
                rest = selector[position:].rstrip()  # whole or not at all: nobody would know a password's beginning
                what = f"{rest!r} in it" if len(rest) <= 20 else f"the part from its character {position + 1}"
                raise Untold(f"{what} is not read")
            kind = str(found.lastgroup)
            word = found[kind]
            if kind == "name" and word.upper() in _KEYWORDS:
                kind, word = "sign", word.upper()
            self._tokens.append((kind, word))
            position = _skip(selector, found.end())

    @property
    def next(self) -> str:
        """Return the next sign or keyword, or `a name`, `a text` or `a number`; empty at the end."""
        kind, word = self._tokens[0] if self._tokens else ("sign", "")
        return word if kind == "sign" else f"a {kind}"

    def take(self, *signs: str) -> str:
        """Return the next sign and go on, if the sign is one of these; else return an empty text."""
        return self._tokens.popleft()[1] if self.next in signs else ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            self.stuck()

    def stuck(self) -> NoReturn:
        raise Untold(f"{self._tokens[0][1]!r} in it is not read" if self._tokens else "it ends too soon")

    def either(self, depth: int) -> _Test:
        tests = [self._both(depth)]
        while self.take("OR"):
            tests.append(self._both(depth))
        return _any(tests)

    def _both(self, depth: int) -> _Test:
        tests = [self._not(depth)]
        while self.take("AND"):
            tests.append(self._not(depth))
        return _all(tests)

    def _not(self, depth: int) -> _Test:
        negations = 0
        while self.take("NOT"):
            negations += 1
        test = self._one(depth)
        return _negated(test) if negations % 2 else test

    def _one(self, depth: int) -> _Test:
        if self.take("("):
            if depth == _DEEPEST_PARENTHESES:
                raise Untold(f"more than {_DEEPEST_PARENTHESES} parentheses in each other are not read")
            test = self.either(depth + 1)
            self.need(")")
            return test
        if word := self.take("TRUE", "FALSE"):
            return lambda headers: word == "TRUE"
        name = self._name()
        if self.take("IS"):
            negated = bool(self.take("NOT"))
            self.need("NULL")
            return lambda headers: (_look(headers, name) is None) is not negated
        negated = bool(self.take("NOT"))
        if self.take("BETWEEN"):
            return self._between(name, negated)
        test = self._compared(name)
        return _negated(test) if negated else test

    def _between(self, name: str, negated: bool) -> _Test:
        low = self._literal()
        self.need("AND")
        high = self._literal()
        if negated:  # less or more: not the same as a negation if the header is no number
            return _any([_ordered(name, "<", low, self._taken), _ordered(name, ">", high, self._taken)])
        return _all([_ordered(name, ">=", low, self._taken), _ordered(name, "<=", high, self._taken)])

    def _compared(self, name: str) -> _Test:
        sign = self.take("=", "<>", "<", "<=", ">", ">=", "IN", "LIKE")
        if sign == "IN":
            self.need("(")
            listed = [self._text()]
            while self.take(","):
                listed.append(self._text())
            self.need(")")
            return lambda headers: None if (value := _look(headers, name)) is None else value in listed
        if sign == "LIKE":
            pieces = _pieces(self._text(), self._text() if self.take("ESCAPE") else "")
            return lambda headers: _like(_look(headers, name), pieces)
        if not sign:
            self.stuck()
        literal = self._literal()
        if sign in ("=", "<>"):
            equal = _equal(name, literal, self._taken)
            return equal if sign == "=" else _negated(equal)
        return _ordered(name, sign, literal, self._taken)

    def _name(self) -> str:
        if self.next != "a name":
            self.stuck()
        return self._tokens.popleft()[1]

    def _text(self) -> str:
        if self.next != "a text":
            self.stuck()
        return self._tokens.popleft()[1][1:-1].replace("''", "'")

    def _literal(self) -> Value:
        if word := self.take("TRUE", "FALSE"):
            return word == "TRUE"
        minus = -1 if self.take("-") else 1
        if self.next == "a number":
            text = self._tokens.popleft()[1]
            if len(text) > _LONGEST_NUMBER:
                raise Untold(f"a number of {len(text)} digits in it is not read")
            return minus * (int(text) if text.isdigit() else float(text))
        return self._text()


def _look(headers: Mapping[str, Value], name: str) -> Value:
    if name not in headers and name.startswith(_OURS):
        raise Untold(f"what a broker sets as {name} is not known")
    value = headers.get(name)
    if isinstance(value, _Varying):
        raise Untold(f"{name} differs from message to message")
    return value


def _as(value: Value, literal: Value) -> Value:
    """Return a header as the type of the literal it is compared with, as Java reads it; None if it cannot be read."""
    if not isinstance(value, str) or isinstance(literal, str):
        return value
    if isinstance(literal, bool):
        return value.lower() == "true"
    try:
        if isinstance(literal, int):
            return int(value) if re.fullmatch(r"[+-]?\d+", value) else None
        return float(value)
    except ValueError:
        return None


def _as_it_is(value: Value, literal: Value) -> Value:
    """Return a header as it is; None for a text that is compared with another type, which nothing matches."""
    return None if isinstance(value, str) and not isinstance(literal, str) else value


def _equal(name: str, literal: Value, taken: _Taken) -> _Test:
    def test(headers: Mapping[str, Value]) -> bool | None:
        written = _look(headers, name)
        return None if written is None else taken(written, literal) == literal

    return test


def _ordered(name: str, sign: str, literal: Value, taken: _Taken) -> _Test:
    if isinstance(literal, str | bool) or literal is None:
        raise Untold(f"{sign} is between numbers")

    def test(headers: Mapping[str, Value]) -> bool | None:
        written = _look(headers, name)
        if written is None:
            return None
        value = taken(written, literal)
        if value is None or isinstance(value, str):
            return False
        return {"<": value < literal, "<=": value <= literal, ">": value > literal, ">=": value >= literal}[sign]

    return test


def _pieces(like: str, escape: str) -> tuple[re.Pattern[str], ...]:
    """Return the parts of a LIKE pattern between its % signs, in each of which `_` is any character."""
    pieces, plain = [""], False
    for character in like:
        if plain:
            pieces[-1] += re.escape(character)
            plain = False
        elif escape and character == escape:
            plain = True
        elif character == "%":
            pieces.append("")
        else:
            pieces[-1] += "." if character == "_" else re.escape(character)
    return tuple(re.compile(each, re.DOTALL) for each in pieces)


def _like(value: Value, pieces: tuple[re.Pattern[str], ...]) -> bool | None:
    """Return whether a text is like a pattern: each piece is sought once, where a regular expression might not end."""
    if value is None:
        return None
    if not isinstance(value, str):
        return False
    if len(pieces) == 1:
        return pieces[0].fullmatch(value) is not None
    found = pieces[0].match(value)
    for piece in pieces[1:-1]:
        found = found and piece.search(value, found.end())
    # The last piece has one width, so that only one place is left for it.
    return found is not None and any(pieces[-1].fullmatch(value, at) for at in range(found.end(), len(value) + 1))


def _negated(test: _Test) -> _Test:
    def negated(headers: Mapping[str, Value]) -> bool | None:
        return None if (found := test(headers)) is None else not found

    return negated


def _all(tests: Sequence[_Test]) -> _Test:
    """Return the test that passes where all do; as Python's `and`, it gives the last result that it looked at."""

    def every(headers: Mapping[str, Value]) -> bool | None:
        found: bool | None = True
        for test in tests:
            if not (found := test(headers)):
                return found
        return found

    return tests[0] if len(tests) == 1 else every


def _any(tests: Sequence[_Test]) -> _Test:
    def some(headers: Mapping[str, Value]) -> bool | None:
        found: bool | None = False
        for test in tests:
            if found := test(headers):
                return True
        return found

    return tests[0] if len(tests) == 1 else some


def _skip(text: str, position: int) -> int:
    """Return the position after the white space at a position."""
    return _SPACES.match(text, position).end()  # type: ignore[union-attr]  # it matches an empty text too
