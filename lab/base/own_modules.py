"""The environment of another process of mqlab, which has this process's modules and none of the current folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def with_own_modules(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment whose Python imports from the places of this process, except the current folder."""
    places = os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))
    return {**environment, "PYTHONPATH": places, "PYTHONSAFEPATH": "1"}
