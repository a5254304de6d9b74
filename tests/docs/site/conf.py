"""The settings of Sphinx for the site; `MQLAB_DOCS_LANGUAGE` is the language of the pages."""

from __future__ import annotations

import os
import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

from lab.base.version import __version__

project = "mqlab"
version = release = __version__
language = os.environ.get("MQLAB_DOCS_LANGUAGE", "en")
extensions = ["myst_parser"]
myst_heading_anchors = 6
exclude_patterns = ["scenarios/**"]
html_theme = "furo"
html_title = f"mqlab {__version__}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
html_show_search_summary = False  # summaries are fetched, and a browser fetches nothing for a page from a disk
pygments_style = "friendly"
suppress_warnings = ["misc.highlighting_failure"]  # examples of errors contain mistakes on purpose

_JAPANESE = r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff"


class Pairs(SearchLanguage):
    """The search in Japanese pages, in which no spaces separate words.

    Sphinx's own search splits pages into words, but not a query, so that it does not find most compounds. Here, both
    are split into pairs of neighbouring characters. A search finds the pages with all pairs of the query.
    """

    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = rf"""
function splitQuery(query) {{
  const runs = query.match(/[{_JAPANESE}]+|(?:(?![{_JAPANESE}])[\p{{Letter}}\p{{Number}}_])+/gu) || [];
  return runs.flatMap((run) => {{
    if (!/^[{_JAPANESE}]/.test(run) || run.length === 1) return [run];
    return Array.from({{length: run.length - 1}}, (_, start) => run.slice(start, start + 2));
  }});
}}
"""

    def split(self, input: str) -> list[str]:
        """Return the pairs of each run of Japanese characters, and other words whole."""
        terms = []
        for run in re.findall(rf"[{_JAPANESE}]+|(?:(?![{_JAPANESE}])\w)+", input):
            japanese = len(run) > 1 and re.match(rf"[{_JAPANESE}]", run)
            terms += ["".join(pair) for pair in pairwise(run)] if japanese else [run]
        return terms


def setup(app: Sphinx) -> None:
    """Replace Sphinx's search in Japanese pages."""
    app.add_search_language(Pairs)
