"""The picture of ARCHITECTURE.md is the one that the imports of lab/ make, and its text has a paragraph per package."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.structure import measure, picture, rules
from tests.structure.measure import Module

MADE = "run python -m tests.structure.picture"
TEXT = """
| 1 load | `lab/low`, `lab/door.py` | a path |

- **`lab/low`: rules & tables.** It has rules.
- **`lab/middle`: the middle.** It is between.
- **`lab/gone`: a package.** It was here.
"""


def package(folder: Path, files: dict[str, str]) -> dict[str, Module]:
    for name, text in files.items():
        path = folder / "lab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return measure.modules(folder / "lab")


def small(folder: Path) -> dict[str, Module]:
    return package(
        folder,
        {
            "__init__.py": "",
            "top/__init__.py": "import lab.middle, lab.door, lab.alias\nfrom lab.low import words\nimport lab.units",
            "middle/__init__.py": "",
            "middle/inner.py": "from lab.low import words",
            "low/__init__.py": "",
            "low/words.py": "import lab.units",
            "door.py": "import lab.middle.inner\ndef main() -> None: ...",
            "alias.py": "from lab.low.words import Word",
            "units.py": "",
        },
    )


def test_the_picture_is_made_from_the_imports_of_today() -> None:
    modules, text = measure.modules(rules.ROOT / "lab"), picture.TEXT.read_text("utf-8")
    assert picture.missing(modules, text) == []
    assert picture.PICTURE.read_text("utf-8") == picture.picture(modules, text), MADE


def test_the_text_is_no_longer_than_a_person_reads_at_once() -> None:
    assert len(picture.TEXT.read_text("utf-8").splitlines()) <= 150


def test_an_import_that_follows_from_others_has_no_arrow(tmp_path: Path) -> None:
    assert picture.reduced(picture.using(small(tmp_path))) == {
        "lab.door": ["lab.middle"],
        "lab.low": [],
        "lab.middle": ["lab.low"],
        "lab.top": ["lab.door"],
    }


def test_the_picture_has_each_package_with_its_stage_and_caption(tmp_path: Path) -> None:
    svg = ElementTree.fromstring(picture.picture(small(tmp_path), TEXT))
    texts = [element.text for element in svg.iter() if element.get("class") in ("name", "caption")]
    assert texts[-2:] == ["modules beside the packages, which use no package", "units"]
    assert sorted(filter(None, texts[:-2])) == ["1  door", "1  low", "middle", "rules & tables", "the middle", "top"]
    assert sum(element.get("class") == "arrow" for element in svg.iter()) == 3


def test_a_package_without_a_paragraph_and_a_paragraph_without_a_package_are_named(tmp_path: Path) -> None:
    assert picture.missing(small(tmp_path), TEXT) == [
        "ARCHITECTURE.md has no paragraph on lab/top",
        "ARCHITECTURE.md has a paragraph on lab/gone, which is gone",
    ]
