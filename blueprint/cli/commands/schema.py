"""Print the JSON Schema of the blueprint language, for editors and other validators."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report

if TYPE_CHECKING:
    from blueprint.report import Run

HELP = "print the JSON Schema of blueprints"
GROUP = "write"
STEP = 6
EXAMPLES = ("blueprint schema > blueprint.schema.json",)


def configure(parser: ArgumentParser) -> None:
    """There is nothing to choose yet but how it is told."""
    add_report(parser)
    parser.set_defaults(prints=True)


def run(_options: Namespace) -> Run:
    """Write the schema to stdout."""
    from blueprint.report import Run
    from blueprint.spec.schema import json_schema

    schema = json_schema()
    sys.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return Run("schema", "schema", subject={"schema": str(schema.get("$id", ""))}, verdict="the schema was printed")
