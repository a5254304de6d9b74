"""The documentation's site is built without a warning; each reference to it leads somewhere, and a command opens it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.base import docs_site
from lab.base.docs_site import anchor, reference
from lab.errors import HostError, InputError
from tests.command import Commands
from tests.report.browser import Browser
from tests.wheels import MOST_SITE, SITE, wrong_site

from . import site
from .pages import PAGES, ROOT, sections


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built with each warning as an error."""
    output = tmp_path_factory.mktemp("site") / "site with a space"
    site.build(output)
    return output


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with two English pages and a Japanese index."""
    docs = tmp_path / "docs"
    (docs / "ja").mkdir(parents=True)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "one.yaml").write_text("scenario: one\n")
    (docs / "README.md").write_text("# Index\n\n## Start\n\n- [A page](page.md#a-heading)\n- [日本語](ja/README.md)\n")
    (docs / "page.md").write_text("# A page\n\n## A heading\n\n[one](../scenarios/one.yaml), [out](../LICENSE)\n")
    (docs / "ja" / "README.md").write_text("# 目次\n\nプレフェッチの値は一件です。[英語](../page.md)\n")
    return tmp_path


def test_every_page_is_in_the_site_and_a_search_needs_no_server(built: Path) -> None:
    pages = {path.stem for path in PAGES if path.parent == ROOT / "docs"} - {"README"}
    assert pages <= set(docs_site.pages(built))
    assert (built / "searchindex.js").read_text().startswith("Search.setIndex(")
    found = docs_site.address("troubleshooting#left-behind", built)
    assert found.startswith("file:///") and "site%20with%20a%20space/troubleshooting.html#left-behind" in found


@pytest.mark.release
def test_the_languages_are_apart_and_lead_to_each_other(project: Path) -> None:
    output = project / "site"
    site.build(output, project)
    assert 'href="ja/index.html"' in (output / "index.html").read_text()
    assert 'href="../page.html"' in (output / "ja" / "index.html").read_text()
    word = json.dumps("プレ").strip('"')
    assert word in (output / "ja" / "searchindex.js").read_text()
    assert word not in (output / "searchindex.js").read_text()
    assert "one.yaml" in (output / "page.html").read_text()
    assert set(docs_site.pages(output)) == {"index", "page", "ja/index"}


def test_a_link_to_a_missing_heading_stops_the_build(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = project / "docs" / "page.md"
    page.write_text(page.read_text() + "\n[more](#no-such-heading)\n")
    with pytest.raises(subprocess.CalledProcessError):
        site.build(project / "site", project)
    assert "no-such-heading" in capfd.readouterr().err


def test_an_unknown_page_or_heading_is_refused_with_the_nearest(built: Path) -> None:
    with pytest.raises(InputError, match="did you mean troubleshooting"):
        docs_site.address("trubleshooting", built)
    with pytest.raises(InputError, match="did you mean left-behind"):
        docs_site.address("troubleshooting#left-behnd", built)
    with pytest.raises(InputError, match="no page named"):
        docs_site.address("../../secret", built)


def test_an_installation_without_a_site_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="install mqlab again"):
        docs_site.site(tmp_path / "lab")
    (tmp_path / "docs").mkdir()
    with pytest.raises(HostError, match="run make docs"):
        docs_site.site(tmp_path / "lab")


def test_a_browser_that_cannot_be_started_is_no_error() -> None:
    def missing(address: str) -> bool:
        raise FileNotFoundError(address)

    assert docs_site.opened("file:///index.html", missing) is False
    assert docs_site.opened("file:///index.html", lambda address: True) is True


def test_without_a_terminal_the_command_prints_the_address(built: Path, tmp_path: Path) -> None:
    lab = shutil.copytree(ROOT / "lab", tmp_path / "lab", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(built, tmp_path / "build" / "site")
    ended = Commands(folder=tmp_path)("docs", "workshop", BROWSER="false", PYTHONPATH=str(lab.parent))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{(tmp_path / 'build/site/workshop.html').as_uri()}\n"


def test_a_wheel_without_the_site_or_with_a_large_one_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "mqlab.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("lab/__init__.py", "")
    assert "lacks" in wrong_site(wheel)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{SITE}index.html", "")
    assert wrong_site(wheel) == ""
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{SITE}index.html", bytes(MOST_SITE + 1))
    assert "the most" in wrong_site(wheel)


def test_the_site_fits_into_the_wheel(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mqlab.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in built.rglob("*"):
            archive.write(path, f"{SITE}{path.relative_to(built).as_posix()}")
    assert wrong_site(tmp_path / "mqlab.whl") == ""


def references() -> Iterator[tuple[str, str, str]]:
    """Yield the place, the page and the heading of each reference in a text of lab/."""
    for path in (ROOT / "lab").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reference":
                page, heading = [*(ast.literal_eval(each) for each in node.args), ""][:2]
                yield f"{path}:{node.lineno}", page, heading


def test_every_reference_of_a_text_leads_to_a_page_and_its_heading() -> None:
    found = list(references())
    assert found
    for place, page, heading in found:
        path = ROOT / "docs" / f"{page}.md"
        assert path in PAGES, place
        assert not heading or heading in sections(path), place
        assert reference(page, heading) == f"mqlab docs {page}" + (f"#{anchor(heading)}" if heading else "")


@pytest.mark.release
def test_no_other_text_names_a_file_of_the_documentation() -> None:
    """A file below docs/ is not installed; `reference` names the command that opens the page."""
    for path in (ROOT / "lab").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                assert not re.search(r"\bdocs/[\w-]+\.md", node.value), f"{path}:{node.lineno}: use reference()"


def hits(running: Browser, folder: Path, query: str) -> list[str]:
    """Return the pages that a search finds, the best first, and check that the browser asked for files alone."""
    heading = "検索結果" if folder.name == "ja" else "Search Results"
    running.open(folder / "search.html")
    found = running.ask(
        f"""new Promise(done => {{
            const look = () => document.querySelector("#search-results h2")?.innerText === {json.dumps(heading)}
                ? done([...document.querySelectorAll("#search-results li a")].map(each => each.getAttribute("href")))
                : setTimeout(look, 50);
            history.replaceState(null, "", "?q=" + encodeURIComponent({json.dumps(query)})); Search.init(); look();
        }})"""
    )
    assert all(address.startswith("file://") for address in running.requests)
    assert running.complaints == []
    return list(dict.fromkeys(address.partition(".html")[0] for address in found))


def test_a_search_in_a_browser_finds_pages_without_a_network(built: Path, chromium: Browser) -> None:
    for folder, word, page in (
        (built, "duplex", "verdicts"),
        (built, "unknown", "verdicts"),
        (built / "ja", "プレフェッチ", "concepts"),
        (built / "ja", "判定不能", "troubleshooting"),
        (built / "ja", "失敗するはずの変種", "workshop"),
        (built / "ja", "TTLまで", "concepts"),
    ):
        assert page in hits(chromium, folder, word), word


def test_a_search_answers_the_questions_of_a_first_day_within_three_pages(built: Path, chromium: Browser) -> None:
    for query, page in (
        ("LocalStack", "index"),
        ("install", "install"),
        ("Windows macOS", "install"),
        ("without Docker", "quickstart"),
        ("connect Java", "java"),
        ("connect Node", "node"),
        ("connect Python", "python"),
        ("glossary", "concepts"),
        ("unknown result", "unknown"),
        ("memory", "install"),
        ("uninstall", "install"),
        ("differences Amazon MQ", "amazon-mq"),
    ):
        assert page in hits(chromium, built, query)[:3], query
