"""`python -m blueprint`."""

from blueprint.cli.main import entry

entry()
