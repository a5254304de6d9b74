"""Text that a terminal shows as it is: untrusted text cannot control it, feign a line, or turn other text around."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"


def plain(text: str, ascii: bool = False) -> str:
    """Return a text with a question mark for each sign that cannot be printed, such as a control sign.

    Line feeds and tabs stay. With `ascii`, signs beyond ASCII are replaced too: é by e, → by ->, others by ?.
    """
    if ascii:
        text = unicodedata.normalize("NFKD", text.replace("·", "-").replace("–", "-").replace("→", "->"))
        text = "".join(sign for sign in text if not unicodedata.combining(sign)).encode("ascii", "replace").decode()
    if _can_be_printed(text):
        return text
    return "".join(sign if sign.isprintable() or sign in _KEPT else "?" for sign in text.replace("\r\n", "\n"))


def is_text(text: str) -> bool:
    """Return whether a text is one that UTF-8 holds: bytes of the environment that are none become halves of signs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(text: str, most: int = 60) -> str:
    """Return a text in quotes for a message; one that is longer than `most` by its length alone.

    It is not cut: a mask, which knows whole passwords, would not find the beginning of one.

    >>> shown("tokyo"), shown("x" * 61)
    ("'tokyo'", 'a text of 61 characters')
    """
    return repr(text) if len(text) <= most else f"a text of {len(text)} characters"


def plain_line(text: str, ascii: bool = False) -> str:
    """Return a text as one line, without signs that control a terminal; line feeds and tabs are spaces."""
    return plain(text.expandtabs(), ascii).replace("\n", " ")


def plain_json(text: str) -> str:
    """Return JSON of the same value in which signs that cannot be printed are escaped; its line feeds stay."""
    if _can_be_printed(text):
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else _escape(sign) for sign in text)


def _can_be_printed(text: str) -> bool:
    return text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()


def _escape(sign: str) -> str:
    octets = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{octets[at]:02x}{octets[at + 1]:02x}" for at in range(0, len(octets), 2))
