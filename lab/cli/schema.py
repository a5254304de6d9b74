"""schema: the JSON Schemas of files, for editors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lab.cli import options
from lab.declare.schema import scenario_schema, topology_schema
from lab.errors import HostError, InputError
from lab.history.schema import history_schema


def schema(
    of: Annotated[str, typer.Argument(metavar="scenario|topology|history", help="Which file's schema.")] = "scenario",
) -> None:
    """Print the JSON Schema of a file, for editors that complete and check; of a history, of one line."""
    known = {"scenario": scenario_schema, "topology": topology_schema, "history": history_schema}
    if of not in known:
        raise InputError.of(f'no schema named "{of}"', f"there are: {', '.join(known)}")
    if sys.flags.optimize > 1:
        raise HostError("python -OO leaves out the texts that a schema tells", "run it without -OO")
    options.print_json(known[of]())
