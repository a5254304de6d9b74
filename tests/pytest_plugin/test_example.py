"""The example's suite as it ships passes in models; where its link is cut it fails by the verdict that says so."""

from __future__ import annotations

import shutil

import pytest

from tests.docs.pages import ROOT
from tests.pytest_plugin.conftest import PLUGIN

EXAMPLE = ROOT / "examples" / "orders"
CUT = """
import pytest

@pytest.fixture(autouse=True)
def the_link_is_cut(mqlab):
    mqlab.cut()
"""


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    shutil.copytree(EXAMPLE, pytester.path / "orders", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (pytester.path / "orders" / "cut.py").write_text(CUT)
    return pytester.runpytest_subprocess(
        *PLUGIN,
        "--mqlab-runtime",
        "simulation",
        "--rootdir",
        "orders",
        "-c",
        "orders/pytest.ini",
        *words,
        "orders/tests",
    )


@pytest.mark.release
def test_its_suite_passes_in_models_on_each_worker(pytester: pytest.Pytester) -> None:
    run(pytester, "-n", "2").assert_outcomes(passed=3, skipped=4)


@pytest.mark.release
def test_where_the_link_is_cut_it_fails_and_says_so(pytester: pytest.Pytester) -> None:
    ended = run(pytester, "-p", "cut", "-k", "billed_in_singapore")
    ended.assert_outcomes(failed=1, skipped=1, deselected=5)
    ended.stdout.fnmatch_lines(
        [
            "*assert office.bill(within=10) == order",
            "*- mqlab: lab *-",
            "failed: delivered: {queue: orders, to: billing, *}: *1 of 1 did not reach billing, *"
            "after link tokyo-singapore was cut (never healed)*",
        ]
    )
