"""Masks passwords in texts that are stored or shown, however the text's format escapes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from json import loads
from json.encoder import encode_basestring as quoted
from typing import Any
from urllib.parse import unquote

MASK = "********"
_SHORTEST = 12  # characters of a password of the service's; a shorter text may be part of any word
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_STRING = re.compile(  # of JSON; what is `kept` is not masked: a word of the format as a key, a history's line's kind
    r"""(?mx) (?P<kept> ^\{"t":[-+.\de]+,"kind":"[a-z-]+" | "[a-z][a-z0-9_-]*"(?=\s*:) ) | "(?:[^"\\]|\\.)*" """
)
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_RUN = re.compile(r"[A-Za-z0-9]{4,}")
# Any value where XML or a URI names a password, known or not; a placeholder of the lab's is left.
_NAMED = re.compile(
    r"""(?ix) (password \s*=\s*) (?:
        (?P<quote> \\*+["'] | &(?:quot|apos|\#3[49]|\#x2[27]); ) (?! %\{ | \*{8} | … )
            (?P<quoted> .{0,2000}? ) (?P=quote)
      | (?<= password=) (?! %\{ | \*{8} | … ) (?P<bare> [^\s"'&<>();,\\]+ ) )"""
)


@dataclass(frozen=True)
class Mask:
    """Replaces known passwords in texts, however XML, JSON, YAML or a URL escapes them.

    A value after `password=`, in an attribute or in a URI's query, is replaced whether it is known or not.
    """

    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Mask:
        """Return a mask of those passwords that are long enough not to be part of other words."""
        return cls(frozenset(each for each in secrets if len(each) >= _SHORTEST))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.secrets | other.secrets)

    def text(self, text: str) -> str:
        """Return a text without passwords."""
        if "password" in text or "PASSWORD" in text or "Password" in text:
            text = _NAMED.sub(_mask_named, text)
        for run, pattern in _searches(self.secrets):
            if run in text:
                text = pattern.sub(MASK, text)
        return text

    def json(self, text: str) -> str:
        """Return JSON, or lines of JSON, without passwords in its strings; it is JSON still, with the same layout.

        Keys of small letters stay, and so does the kind of a history's line: they may be words of the format.
        """
        if self.text(text) == text:
            return text
        return _STRING.sub(lambda found: found["kept"] or quoted(self.text(loads(found[0]))), text)

    def value(self, value: Any) -> Any:
        """Return a JSON-able value without passwords in its strings, and in its keys but those of small letters."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self._key(key): self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return value

    def _key(self, key: str) -> str:
        return key if _WORD.fullmatch(key) else self.text(key)


def named_in(text: str) -> frozenset[str]:
    """Return the values after `password=` in a text, as they are written and as XML and a URL read them."""
    written = [found["quoted"] or found["bare"] or "" for found in _NAMED.finditer(text)]
    return frozenset(form for each in written for form in (each, unescape(each), unquote(unescape(each))))


def _mask_named(found: re.Match[str]) -> str:
    quote = found["quote"] or ""
    return f"{found[1]}{quote}{MASK}{quote}"


@lru_cache(maxsize=16)
def _searches(secrets: frozenset[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return for each password a part that no format escapes, and what finds the whole: so most texts pass quickly.

    The longest is first, since one may be the beginning of another.
    """
    ordered = sorted(secrets, key=len, reverse=True)
    return tuple((max(_RUN.findall(each), key=len, default=""), _pattern(each)) for each in ordered)


def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile("".join(map(_written_forms, re.findall(r"\\+|.", secret, re.DOTALL))))


def _written_forms(character: str) -> str:
    """Return an expression for every form in which a format may write a character, or a row of backslashes."""
    if character.isascii() and character.isalnum():
        return character
    if character[0] == "\\":  # each level of escaping doubles them: at least so many, matched possessively
        return rf"(?:\\{{{len(character)},}}+|(?:%5[cC]|&(?:amp;)*#(?:92|[xX]5[cC]);){{{len(character)}}})"
    code = ord(character)
    forms = [re.escape(character)]
    entity = f"#0*{code}|#[xX]0*(?i:{code:x})"
    if character in _ENTITIES:
        entity += f"|{_ENTITIES[character]}"
    forms.append(f"&(?:amp;)*(?:{entity});")
    forms.append("".join(f"%(?i:{octet:02x})" for octet in character.encode()))
    forms.append(rf"\\+u(?i:{code:04x})" if code < 0x10000 else _surrogate_pair(code))
    if character in "\"'/":
        forms.append(r"\\++" + re.escape(character))
    if character in "\"'":
        forms.append(re.escape(character) * 2)
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(reversed(forms))})"


def _surrogate_pair(code: int) -> str:
    high, low = divmod(code - 0x10000, 0x400)
    return rf"\\+u(?i:{0xD800 + high:04x})\\+u(?i:{0xDC00 + low:04x})"
