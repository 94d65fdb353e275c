"""Print the JSON Schema of the blueprint language, for editors and other validators.

Without --version, the current version is used. An overlay has the same schema with all fields optional.
"""

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
EXAMPLES = ("blueprint schema > blueprint.schema.json", "blueprint schema --version v1alpha1")


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--version", metavar="VERSION", dest="language", help="version of the language (v1alpha2)")
    add_report(parser)
    parser.set_defaults(prints=True)


def run(options: Namespace) -> Run:
    """Write the schema to stdout."""
    from blueprint.report import Run
    from blueprint.spec.schema import json_schema
    from blueprint.spec.versions import LANGUAGE, version_named

    schema = json_schema(version_named(options.language, LANGUAGE, "--version"))
    sys.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return Run("schema", "schema", subject={"schema": str(schema.get("$id", ""))}, verdict="The schema was printed")
