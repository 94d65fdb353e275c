"""Print the JSON Schema of the blueprint language, for editors and other validators."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

HELP = "print the JSON Schema of blueprints"


def configure(parser: ArgumentParser) -> None:
    """There is nothing to choose yet."""


def run(_options: Namespace) -> int:
    """Write the schema to stdout."""
    from blueprint.spec import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
