"""The settings of Sphinx for the site; `MQLAB_DOCS_LANGUAGE` is the language of the pages."""

from __future__ import annotations

import os

from lab.version import __version__

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
