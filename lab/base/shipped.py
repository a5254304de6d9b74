"""The folders shipped with mqlab, found in an installed wheel or in a checkout of its source."""

from __future__ import annotations

from pathlib import Path

from lab.errors import HostError

_LAB = Path(__file__).resolve().parents[1]


def shipped(name: str, lab: Path = _LAB) -> Path:
    """Return the folder `docker` or `scenarios` of this installation; raise HostError if the folder is missing."""
    # The wheel's first: beside an installed `lab` is the docker library's folder, which has the same name.
    places = (lab / "_shipped" / name, lab.parent / name)
    for place in places:
        if place.is_dir() and not (place / "__init__.py").exists():
            return place
    raise HostError(
        f"this installation of mqlab has no folder {name!r}",
        "looked for " + " and ".join(str(place) for place in places) + "\ninstall mqlab again",
    )
