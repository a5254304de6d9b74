"""Full-width and typographic signs, as Japanese keyboards and word processors write them instead of ASCII ones."""

from __future__ import annotations

import re
import unicodedata

_OTHERS = {
    "、": ",",
    "。": ".",
    "−": "-",
    "‐": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "「": '"',
    "」": '"',
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "\u00a0": " ",
    "\u3000": " ",
}
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|(?:^|(?<=\s))#.*""")
# Where a sign is a part of YAML, not of a text: an indent, after a dash or a key, around lists, numbers and words.
_IN_YAML = re.compile(
    r"""(?x)
      ^ \s* [\u3000\u00a0] [\s\u3000\u00a0]* (?=\S)
    | ^ \s* [－−‐–—] (?= \s )
    | \s ＃
    | (?: ^ | [{,、，｛] ) [\s\u3000]* (?: -[\s\u3000]* )* [\w.-]+ [\s\u3000]* ：
    | (?: : | (?: ^|\s ) - ) [\u3000\u00a0]
    | (?: [:：] | (?: ^|\s ) - ) [\s\u3000]* [｛［“”‘’「]
    | [｝］”’」] [\s\u3000]* (?: $ | [,}\]、，] )
    | [、，] [\s\u3000]* [\w.-]+ [\s\u3000]* [:：]
    | [\[［] [^\]］]* [、，]
    | (?: [:：,、，] | (?: ^|\s ) - ) [\s\u3000]* -? [\d.，]* [０-９．]+ [\w％%/.]* [\s\u3000]* (?: $ | [,}\]、，｝］] )
    """
)


def narrow(text: str) -> str:
    """Return a text with an ASCII sign for each full-width or typographic one; other signs stay.

    >>> narrow("count：１０、 delay")
    'count:10, delay'
    """
    return "".join(map(_narrow, text))


def remedy(text: str) -> str:
    """Return which signs of a text to write in another way; "" if all are ASCII signs, or letters of a language."""
    pairs = {sign: other for sign in text if (other := _narrow(sign)) != sign}
    digits = {sign: other for sign, other in pairs.items() if other.isalnum()}
    words = [f"{_shown(other)} instead of the {_shown(sign)}" for sign, other in pairs.items() if sign not in digits]
    if digits:
        words.append(f"{''.join(digits.values())} instead of the full-width {''.join(digits)}")
    return f"write {', '.join(words)}" if words else ""


def remedy_in_yaml(line: str) -> str:
    """Return which signs of a line of YAML to write in another way, since they are not a part of a text; "" if none."""
    bare = _QUOTED.sub("", line)
    signs = "".join(found[0] for found in _IN_YAML.finditer(bare)) if not bare.isascii() else ""
    right = remedy(signs)
    if "：" in signs:
        right += ", and a space after the colon"
    if "\u3000" in bare[: len(bare) - len(bare.lstrip())]:
        right += " (two spaces stand for one U+3000 in an indent)"
    return right


def column_in_yaml(line: str) -> int:
    """Return the column, from 1, of the first sign that `remedy_in_yaml` names; 1 if there is none.

    >>> column_in_yaml("seed：7")
    5
    """
    blank = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), line)
    wide = {sign for found in _IN_YAML.finditer(_QUOTED.sub("", line)) for sign in found[0] if _narrow(sign) != sign}
    return next((number for number, sign in enumerate(blank, 1) if sign in wide), 1)


def _narrow(sign: str) -> str:
    if sign in _OTHERS:
        return _OTHERS[sign]
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else sign


def _shown(sign: str) -> str:
    if sign.isascii():
        return sign if sign != " " else "a plain space"
    if sign.isspace():
        return f"space U+{ord(sign):04X}"
    return f"{'full-width' if unicodedata.east_asian_width(sign) in 'FW' else 'typographic'} {sign}"
