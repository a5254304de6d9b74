"""Masks passwords in texts that are stored or shown, however the text's format escapes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from functools import lru_cache
from html import unescape
from json import loads
from json.encoder import encode_basestring as quoted
from typing import Any
from urllib.parse import unquote

from lab.base.dataclass import dataclass

MASK = "********"
_SHORTEST = 12  # characters of a password of the service's; a shorter text may be part of any word
_LONGEST = 250  # characters of a password of the service's; a pattern for many more takes minutes to make
_LONGEST_FORM = 12  # characters, as which a sign behind those may be written and is still masked
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_STRING = re.compile(  # of JSON; what is `kept` is not masked: a word of the format as a key, a history's line's kind
    r"""(?mx) (?P<kept> ^\{"t":[-+.\de]+,"kind":"[a-z-]+" | "[a-z][a-z0-9_-]*"(?=\s*:) ) | "(?:[^"\\]|\\.)*" """
)
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_RUN = re.compile(r"[A-Za-z0-9]{4,}")
# The signs of XML's and URLs' escapes, each of which may be escaped again, some levels deep.
_PERCENT = "%(?:25){0,8}"
_URL_BACKSLASH = f"{_PERCENT}5[cC]"
_BACKSLASHES = r"(?:\\\\{0,63}+)"
_HASH, _END = f"(?:#|{_PERCENT}23)", f"(?:;|{_PERCENT}3b)"
_AMPS = f"(?:(?:amp|{_HASH}(?:0{{0,8}}38|x0{{0,8}}26)){_END}){{0,8}}"
_SPELLED = (  # where a letter or a digit may be written in another way; each begins with one sign, so that it is quick
    ("&", re.compile(rf"&(?i:{_AMPS}{_HASH}[\dx])")),
    ("%", re.compile(r"%(?i:(?:25){0,8}(?:3\d|[46][1-9a-f]|[57][\da]|26))")),
    ("\\", re.compile(r"\\(?i:[ux][\da-f]{2})")),
)
# Any value where XML or a URI names a password, known or not; a placeholder of the lab's is left.
_NAMED = re.compile(
    r"""(?ix) (password \s*=\s*) (?:
        (?P<quote> \\*+["'] | &(?:quot|apos|\#3[49]|\#x2[27]); ) (?! %\{ | \*{8}(?P=quote) | … )
            (?P<quoted> .{0,2000}? ) (?P=quote)
      | (?<= password=) (?! %\{ | \*{8}(?: [\s"'&<>),\\] | $ ) | … ) (?P<bare> [^\s"'&<>),\\]+ ) )"""
)


_SECRET_HEADER = re.compile(
    "authorization|password|passwd|pwd|passcode|passphrase|secret|token|apikey|accesskey|privatekey|cookie|credential|"
    "signature|sessionid|jwt"
)
_SEPARATORS = re.compile(r"[^a-z0-9]")


def is_secret(name: str) -> bool:
    """Return whether a header of that name usually has a secret.

    >>> is_secret("X-Api-Key"), is_secret("accessToken"), is_secret("currency")
    (True, True, False)
    """
    return _SECRET_HEADER.search(_SEPARATORS.sub("", name.lower())) is not None


@dataclass(frozen=True)
class Mask:
    """Replaces known passwords in texts, however XML, JSON, YAML or a URL escapes them.

    A value after `password=`, in an attribute or in a URI's query, is replaced whether it is known or not.
    """

    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Mask:
        """Return a Mask that hides the given passwords, except short ones, which other words may contain."""
        return cls(frozenset(each for each in secrets if len(each) >= _SHORTEST))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.secrets | other.secrets)

    def text(self, text: str) -> str:
        """Return a text without passwords."""
        spelled = any(sign in text and form.search(text) for sign, form in _SPELLED)
        for run, secret in _searches(self.secrets):  # first, since what is named may seem to end within a known one
            if spelled or run in text:
                text = _pattern(secret).sub(MASK, text)
        if "password" in text or "PASSWORD" in text or "Password" in text:
            text = _NAMED.sub(_mask_named, text)
        return text

    def json(self, text: str) -> str:
        """Return JSON, or lines of JSON, without passwords in its strings; it is JSON still, with the same layout.

        Keys of small letters stay, and so does the kind of a history's line: they may be words of the format.
        """
        if self.text(text) == text:
            return text
        return _STRING.sub(lambda found: found["kept"] or quoted(self.text(loads(found[0]))), text)

    def value(self, tree: Any) -> Any:
        """Return a JSON-able value without passwords in its strings, and in its keys but those of small letters."""
        if isinstance(tree, str):
            return self.text(tree)
        if isinstance(tree, dict):
            return {self._key(key): self.value(each) for key, each in tree.items()}
        if isinstance(tree, list | tuple):
            return [self.value(each) for each in tree]
        return tree

    def _key(self, key: str) -> str:
        return key if _WORD.fullmatch(key) else self.text(key)


def named_in(text: str) -> frozenset[str]:
    """Return the values after `password=` in a text, as they are written and as XML and a URL read them.

    One without quotes may have ended at a semicolon or a parenthesis: it is returned in both lengths.
    """
    values = [found["quoted"] or found["bare"] or "" for found in _NAMED.finditer(text)]
    written = [form for each in values for form in (each, re.split("[;(]", each)[0])]
    return frozenset(form for each in written for form in (each, unescape(each), unquote(unescape(each))))


def _mask_named(match: re.Match[str]) -> str:
    quote = match["quote"] or ""
    return f"{match[1]}{quote}{MASK}{quote}"


@lru_cache(maxsize=16)
def _searches(secrets: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return for each password a part of letters and digits, and the password: so most texts pass quickly.

    A text with the password has that part too. The longest is first, since one may be the beginning of another.
    """
    ordered = sorted(secrets, key=len, reverse=True)
    return tuple((max(_RUN.findall(each[:_LONGEST]), key=len, default=""), each) for each in ordered)


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    """Return the pattern of a password, each of its signs in any of the forms that formats give it.

    Each repetition is bounded, and hardly two forms begin alike, so that a search takes time in proportion to the text.
    If the password is longer than the service permits, its first signs are searched. Then as much text behind them may
    be masked as the rest can take.
    """
    rows = re.findall(r"""\\+|"+|'+|.""", secret[:_LONGEST], re.DOTALL)
    forms = [_forms(row, after=before) for before, row in zip(("", *rows), rows, strict=False)]
    if len(secret) > _LONGEST:
        forms.append(f"(?s:.{{0,{_LONGEST_FORM * (len(secret) - _LONGEST)}}})")
    return re.compile("".join(forms))


def _forms(row: str, after: str) -> str:
    """Return an expression for every form of a sign, or of a row of backslashes or quotes, `after` another one."""
    sign, count = row[0], len(row)
    code = ord(sign)
    by_number = f"{_HASH}(?:0{{0,8}}{code}|x0{{0,8}}{code:x}){_END}"
    entity = f"{_AMPS}(?:{by_number}|{_ENTITIES[sign]}{_END})" if sign in _ENTITIES else f"{_AMPS}{by_number}"
    in_url = _PERCENT.join(f"{octet:02x}" for octet in sign.encode())
    after_backslashes = [*_unicode_escapes(code), f"(?:u00|x)26{entity}"]
    if sign in "\"'/":
        after_backslashes.append(re.escape(sign))
    # A row of backslashes before it has taken those of the escape too.
    backslashes = f"{_BACKSLASHES}?+" if after.startswith("\\") else _BACKSLASHES
    forms = [
        f"&(?i:{entity})",
        f"{_PERCENT}(?i:{in_url}|26{entity})",
        f"{backslashes}(?i:{'|'.join(after_backslashes)})",
    ]
    if sign in "\"'":  # one format may have escaped it with a backslash, and another one both of them
        forms[:2] = f"{_BACKSLASHES}?+{forms[0]}", f"(?:{_URL_BACKSLASH}){{0,63}}+{forms[1]}"
    if sign == "\\":  # each level of escaping doubles them
        several = rf"\\\\{{{count - 1},{64 * count}}}+|(?:{_URL_BACKSLASH}){{{count},{64 * count}}}+"
        return rf"(?:{several}|(?:{'|'.join(forms)}|\\){{{count}}})"
    if sign == " ":
        forms.append(r"\+")
    form = f"(?:{'|'.join((*forms, re.escape(sign)))})"
    if sign == "'":  # which YAML doubles
        return f"(?:'{{{4 * count}}}|'{{{2 * count}}}|(?:{forms[0]}|{forms[1]}){{{2 * count}}}|{form}{{{count}}})"
    if sign == '"':
        return f'(?:"{{{2 * count}}}|{form}{{{count}}})'
    return form


def _unicode_escapes(code: int) -> list[str]:
    if code >= 0x10000:
        high, low = divmod(code - 0x10000, 0x400)
        return [f"u{0xD800 + high:04x}{_BACKSLASHES}u{0xDC00 + low:04x}", f"u{code:08x}"]
    return [f"u(?:0000)?{code:04x}", *([f"x{code:02x}"] if code < 0x100 else [])]
