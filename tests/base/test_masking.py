"""No password is in a text that is kept, however the text's format writes it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from lab.base.masking import MASK, Mask, named_in

SECRET = "s3cr&t<pw>\"it's-long1 \\/"


def _in_yaml(text: str) -> str:
    return str(yaml.safe_dump(text, default_style="'", width=1000))


WRITTEN = {
    "as it is": str,
    "XML text": escape,
    "XML attribute": quoteattr,
    "XML, all entities": lambda text: escape(text, {'"': "&quot;", "'": "&apos;"}),
    "XML, by number": lambda text: "".join(each if each.isalnum() else f"&#{ord(each)};" for each in text),
    "XML, by hexadecimal": lambda text: "".join(each if each.isalnum() else f"&#x{ord(each):X};" for each in text),
    "XML, every sign by number": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "XML, every sign by hexadecimal": lambda text: "".join(f"&#x{ord(each):04x};" for each in text),
    "XML, some letters by number": lambda text: f"&#{ord(text[0])};{text[1:4]}&#x{ord(text[4]):X};{escape(text[5:])}",
    "HTML of XML by number": lambda text: html.escape("".join(f"&#{ord(each)};" for each in text)),
    "XML of XML by number": lambda text: "".join(f"&#38;#{ord(each)};" for each in text),
    "JSON of XML by number": lambda text: "".join(f"\\u0026#{ord(each)};" for each in text),
    "HTML": html.escape,
    "HTML of XML": lambda text: html.escape(escape(text)),
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON of XML": lambda text: json.dumps(quoteattr(text)),
    "YAML in double quotes": lambda text: yaml.safe_dump(text, default_style='"', width=1000),
    "YAML in single quotes": _in_yaml,
    "JSON, every sign": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "JSON of JSON, every sign": lambda text: json.dumps("".join(f"\\u{ord(each):04X}" for each in text)),
    "YAML, every sign": lambda text: "".join(f"\\x{ord(each):02x}" for each in text),
    "YAML, every sign in eight digits": lambda text: "".join(f"\\U{ord(each):08x}" for each in text),
    "a URL's path": quote,
    "a URL, every sign": lambda text: "".join(f"%{ord(each):02x}" for each in text),
    "a URL of a URL": lambda text: quote(quote(text)),
    "a URL of a URL, every sign": lambda text: quote("".join(f"%{ord(each):02X}" for each in text)),
    "a URL of XML by number": lambda text: quote("".join(f"&#{ord(each)};" for each in text)),
    "XML of a URL of a URL": lambda text: quoteattr(quote(quote(quote(text)))),
    "a URL's query": quote_plus,
    "XML of JSON": lambda text: quoteattr(json.dumps(text)),
    "HTML of JSON": lambda text: html.escape(json.dumps(text)[1:-1]),
    "a URL of JSON": lambda text: quote(json.dumps(text)[1:-1]),
    "HTML of YAML in single quotes": lambda text: html.escape(_in_yaml(text).strip()[1:-1]),
    "a URL of YAML in single quotes": lambda text: quote(_in_yaml(text).strip()[1:-1]),
    "YAML of YAML in single quotes": lambda text: _in_yaml(_in_yaml(text)),
}
PARTS = ("s3cr", "t<pw", "long1", "pw&gt", "it's", "-long", "&#", "%", "\\u", "\\x")


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_password_is_masked_in_every_spelling(written: object) -> None:
    assert callable(written)
    text = f"before {written(SECRET)} after"
    masked = Mask.of([SECRET]).text(text)
    assert MASK in masked and masked.startswith("before ") and masked.rstrip().endswith("after")
    assert not [part for part in PARTS if part in masked]


@pytest.mark.release
@example("0000\\\\000000")  # of two backslashes one by number
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=12, max_size=40))
def test_whatever_a_password_is_it_is_in_no_json_xml_or_url(secret: str) -> None:
    mask = Mask.of([secret])
    for write in WRITTEN.values():
        assert secret not in mask.text(f"x{write(secret)}y")
        assert MASK in mask.text(f"x{write(secret)}y")


@pytest.mark.parametrize("sign", ["\\", "%25", "&amp;", "&#x26;", "'", "\\'", "\\u0027", "&#0"])
def test_a_text_of_nothing_but_escapes_is_searched_to_its_end(sign: str) -> None:
    mask = Mask.of([SECRET, "\\\\a\\b'\"'\"c", "abc", "%25%25%2525&amp;"])
    text = "&#97;" + sign * (100_000 // len(sign))
    assert mask.text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('<networkConnector password="short" name="c"/>', f'<networkConnector password="{MASK}" name="c"/>'),
        ("<a remotePassword = 'x y'/>", f"<a remotePassword = '{MASK}'/>"),
        (json.dumps('<a password="p\'w"/>'), json.dumps(f'<a password="{MASK}"/>')),
        ("static:(ssl://h:1?password=pw&x=1)", f"static:(ssl://h:1?password={MASK}&x=1)"),
        ("&lt;a password=&#34;pw&#34; b=&#34;c&#34;", f"&lt;a password=&#34;{MASK}&#34; b=&#34;c&#34;"),
        ('password="%{mqlab:user.testuser}"', 'password="%{mqlab:user.testuser}"'),
        ("the password has 3 characters", "the password has 3 characters"),
        ("export LAB_PASSWORD=… first", "export LAB_PASSWORD=… first"),
    ],
)
def test_what_stands_after_password_is_masked_whoever_knows_it(text: str, masked: str) -> None:
    assert Mask().text(text) == masked


@pytest.mark.parametrize(
    "secret", ["Top(Secret)Word99", "ab;cdefGH1234567", "Amp&ersand&Pass77", "Long'Quote'Pass77", 'Two"Quotes"Pass77']
)
@pytest.mark.parametrize("text", ["log: password={}", "uri?jms.password={}&x=1", "password='{}'", 'password="{}"'])
def test_a_known_password_after_its_name_is_masked_whole_whatever_is_in_it(secret: str, text: str) -> None:
    assert Mask.of([secret]).text(text.format(secret)) == text.format(MASK)


def test_more_than_a_known_password_after_its_name_is_masked_too() -> None:
    assert Mask.of(["a-known-password"]).text("password=xa-known-password-y z") == f"password={MASK} z"


def test_an_unknown_password_in_a_uri_is_found_whole_and_up_to_where_it_may_have_ended() -> None:
    assert named_in('uri="s:(ssl://h:1?jms.password=ab;cdefGH1234567)"') == {"ab;cdefGH1234567", "ab"}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_in_json_a_password_is_masked_in_every_spelling(written: Callable[[str], str]) -> None:
    masked = Mask.of([SECRET]).json(json.dumps({"a": f"x{written(SECRET)}y", "b": "c"}))
    assert MASK in json.loads(masked)["a"] and json.loads(masked)["b"] == "c"
    assert not [part for part in PARTS if part in masked]


@pytest.mark.parametrize("text", ["password=", 'password="', "a = password= ", 'x password="short" y', "password=pw"])
def test_json_is_json_still_whatever_its_texts_end_with(text: str) -> None:
    value = {"text": text, "name": "n", text: ["y"]}
    assert json.loads(Mask().json(json.dumps(value))) == Mask().value(value)


def test_json_without_a_password_is_the_very_same_text() -> None:
    lines = '{"t":1.500000, "a":"\\u00e9 the password"}\n{"t":2}\n'
    assert Mask.of([SECRET]).json(lines) == lines


def test_what_is_too_short_for_a_password_is_no_secret() -> None:
    assert Mask.of(["tokyo"]).text("tokyo") == "tokyo"


def test_of_two_passwords_the_longer_one_is_masked_whole() -> None:
    assert Mask.of(["MQ-lab-2019-testuser", "MQ-lab-2019-testuser-2"]).text("MQ-lab-2019-testuser-2") == MASK


@pytest.mark.parametrize("secret", ["unsubscribed", "configuration", "link-counters"])
def test_a_password_that_is_a_word_of_a_history_changes_neither_keys_nor_kinds(secret: str) -> None:
    lines = (
        f'{{"t":1.500000,"kind":"{secret}","{secret}":"{secret}"}}\n{{"t":2.000000,"kind":"sent","id":"x {secret}"}}\n'
    )
    masked = [json.loads(each) for each in Mask.of([secret]).json(lines).splitlines()]
    assert masked == [{"t": 1.5, "kind": secret, secret: MASK}, {"t": 2.0, "kind": "sent", "id": f"x {MASK}"}]


def test_a_kind_in_a_text_is_masked_as_any_text() -> None:
    assert Mask.of([SECRET]).json(json.dumps({"a": {"kind": SECRET}})) == json.dumps({"a": {"kind": MASK}})


def test_values_are_masked_with_their_keys_but_not_with_words_of_a_format() -> None:
    assert Mask.of([SECRET]).value({"a": [SECRET, 1, {SECRET: None}]}) == {"a": [MASK, 1, {MASK: None}]}
    assert Mask.of(["configuration"]).value({"configuration": "configuration"}) == {"configuration": MASK}


def test_what_is_far_longer_than_a_password_may_be_is_masked_whole_and_not_in_minutes() -> None:
    secret = "Lantern & Ferry " * 1000
    assert Mask.of([secret]).text(f"said {escape(secret)}") == f"said {MASK}"


def test_of_what_is_far_longer_than_a_password_the_first_signs_are_enough() -> None:
    """A text that was cut has not all of it."""
    secret = "Abc-" * 100 + "Lantern"
    assert Mask.of([secret]).text(f"said {secret[:300]}") == f"said {MASK}"
