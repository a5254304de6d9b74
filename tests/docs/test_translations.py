"""Translated pages follow the English ones: a page whose original has changed is named, with the way to update it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, Block, blocks
from .translations import Translation, main, translations

NOT_REVIEWED = "この翻訳は母語話者による校閲を受けていません"
SHORTENED = ("workshop.md", "troubleshooting.md")
EACH = pytest.mark.parametrize(
    "translation", translations(), ids=lambda translation: translation.page.relative_to(ROOT).as_posix()
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with two translated pages, both up to date."""
    (tmp_path / "docs" / "ja").mkdir(parents=True)
    for original, page in (("README.md", "README.ja.md"), ("docs/page.md", "docs/ja/page.md")):
        (tmp_path / original).write_text("# A page\n", "utf-8")
        (tmp_path / page).write_text("# 目次\n", "utf-8")
    assert main(["--accept"], tmp_path) == 0
    return tmp_path


def of_page(page: Path) -> list[Block]:
    return [block for block in blocks("console") if block.page == page.relative_to(ROOT).as_posix()]


def test_the_translated_pages_are_those_of_the_plan_and_their_examples_are_tested() -> None:
    pages = [translation.page for translation in translations()]
    names = ["README.md", "concepts.md", "install.md", "quickstart.md", "troubleshooting.md", "workshop.md"]
    assert pages == [ROOT / "README.ja.md", *(ROOT / "docs" / "ja" / name for name in names)]
    assert set(pages) <= set(PAGES)


@EACH
def test_each_translation_follows_the_present_text_of_its_original(translation: Translation) -> None:
    assert translation.problem() == ""


@EACH
def test_each_translation_says_that_it_was_not_reviewed_and_leads_to_the_original(translation: Translation) -> None:
    text = translation.page.read_text("utf-8")
    assert NOT_REVIEWED in text
    original = Path(os.path.relpath(translation.original, translation.page.parent)).as_posix()
    assert f"]({original})" in text
    assert ("短くしたもの" in text) == (translation.page.name in SHORTENED)


@EACH
def test_each_translation_shows_the_blocks_of_its_original_that_need_docker(translation: Translation) -> None:
    """The tests run these blocks only for the original."""
    shown, tested = (
        [block.text for block in of_page(page) if {"docker", "mosquitto", "api"} & set(block.words)]
        for page in (translation.page, translation.original)
    )
    assert shown == [text for text in tested if text in shown]


def test_a_changed_original_is_named_with_the_way_to_accept_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = project / "docs" / "ja" / "page.md"
    before = page.read_text("utf-8")
    (project / "docs" / "page.md").write_text("# Another page\n", "utf-8")
    behind = {translation.page: translation.problem(project) for translation in translations(project)}
    assert behind[project / "README.ja.md"] == ""
    assert behind[page].startswith("docs/ja/page.md: docs/page.md has changed since it was translated: ")
    assert "run python -m tests.docs.translations --accept docs/ja/page.md" in behind[page]

    capsys.readouterr()
    assert main([], project) == 0
    new = next(translation.first_line for translation in translations(project) if translation.page == page)
    assert new in capsys.readouterr().out
    assert page.read_text("utf-8") == before

    assert main(["--accept", "README.ja.md"], project) == 0
    assert page.read_text("utf-8") == before
    assert main(["--accept", "docs/ja/page.md"], project) == 0
    assert page.read_text("utf-8") == f"{new}# 目次\n"


def test_a_page_without_its_first_line_is_named(project: Path) -> None:
    page = project / "docs" / "ja" / "page.md"
    for first in ("", "<!-- translates another.md sha256:0 -->\n"):
        page.write_text(f"{first}# 目次\n", "utf-8")
        assert "docs/ja/page.md:1: the line that names docs/page.md is missing" in translations(project)[1].problem(
            project
        )


def test_a_page_that_is_no_translation_cannot_be_accepted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accept", "docs/page.md"], project) == 2
    assert "name one of README.ja.md, docs/ja/page.md" in capsys.readouterr().err
