"""What strangers wrote cannot control a terminal, and JSON of it is JSON of the same value."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lab.base.printable import plain, plain_json, plain_line

HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b1A\u202eabc\u2066\u200b\x7f\r"


@given(st.text())
def test_nothing_is_left_that_controls_a_terminal(text: str) -> None:
    assert all(sign.isprintable() or sign in "\n\t" for sign in plain(text + HOSTILE))
    assert plain_line(text + HOSTILE).isprintable()
    assert plain_line(text + HOSTILE, ascii=True).isascii()


@given(st.recursive(st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)))
def test_json_means_the_same(value: object) -> None:
    written = json.dumps([value, HOSTILE], ensure_ascii=False, indent=2)
    shown = plain_json(written)
    assert json.loads(shown) == json.loads(written)
    assert shown.replace("\n", "").isprintable()


def test_what_can_be_printed_stays() -> None:
    assert plain("a → b\n\tc 東京\r\n") == "a → b\n\tc 東京\n"
    assert plain_line("a\tb\nc") == "a       b c"
    assert plain("é → ·", ascii=True) == "e -> -"
