"""Sweeps: one scenario with many values and seeds, in the simulation."""

from lab.base.extras import Command, Extra

EXTRA = Extra(
    commands={
        "vary": Command(
            "run and judge",
            "Simulate a scenario with many values and seeds, and write the outcomes as CSV, JSON or a page.",
            "command",
        )
    },
    hooks={"run_seeds": "run_seeds:run_seeds"},
)
