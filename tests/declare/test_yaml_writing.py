"""Values written as YAML are read back as they were, whatever signs they have."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.yaml_reading import read
from lab.declare.yaml_writing import comment, entry_lines, flow, lines

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
CONTENTS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read_back(text: str) -> Any:
    document = read(text, "file.yaml")
    assert not document.problems
    return document.content


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, CONTENTS, min_size=1, max_size=5))
def test_a_mapping_is_read_back(content: dict[str, Any]) -> None:
    assert read_back("\n".join(lines(content))) == content
    assert read_back(flow(content)) == content
    assert read_back("\n".join(entry_lines(content, ""))) == [content]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_comment_is_one_line_and_means_nothing(text: str) -> None:
    assert read_back(f"{comment(text)}\nkey: {flow(text)}\n{comment(text)}\n") == {"key": text}


def test_steps_are_written_as_people_write_them() -> None:
    steps = [{"at": "5s", "cut": {"link": "a-b"}}, {"repeat": {"times": 2, "steps": [{"wait": "1s"}]}}]
    assert list(lines({"steps": steps})) == [
        "steps:",
        "  - {at: 5s, cut: {link: a-b}}",
        "  - repeat:",
        "      times: 2",
        "      steps:",
        "        - {wait: 1s}",
    ]
    assert flow({"engine-version": "5.18", "queue": "a.>", "size": "1 %", "quiet": True}) == (
        '{engine-version: 5.18, queue: "a.>", size: 1 %, quiet: yes}'
    )


def test_half_of_a_sign_is_no_text() -> None:
    assert read_back(flow(["\ud800"])) == ["\ufffd"]
