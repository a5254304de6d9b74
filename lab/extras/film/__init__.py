"""The film: a judged history as one HTML page that plays the run."""

from lab.base.extras import Command, Extra

EXTRA = Extra(
    commands={
        "film": Command(
            "run and judge",
            "Write a film of a run: one HTML page that plays the run on the map of the network.",
            "command",
        )
    },
    hooks={"write_film": "page:write"},
)
