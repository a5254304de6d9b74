"""schema: the JSON Schemas of files, for editors."""

from __future__ import annotations

from lab.base.suggestions import remedy
from lab.cli import options
from lab.cli.options import argument
from lab.declare.schema import scenario_schema, topology_schema
from lab.errors import InputError
from lab.history.schema import history_schema
from lab.report import document

SCHEMAS = {
    "scenario": scenario_schema,
    "topology": topology_schema,
    "history": history_schema,
    "report": document.schema,
}


def schema(
    of: str = argument("|".join(SCHEMAS), "The kind of file; `history` is one line of a history.", "scenario"),
) -> None:
    """Print the JSON Schema of one kind of file, with which editors complete and check such files.

    Example: mqlab schema topology
    """
    if of not in SCHEMAS:
        raise InputError.of(f'no schema named "{of}"', remedy(of, SCHEMAS, "schemas"))
    options.print_json(SCHEMAS[of]())
