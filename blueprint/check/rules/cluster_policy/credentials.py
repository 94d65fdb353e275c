"""Credentials in the variables of operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.context import Known, mapping
from blueprint.check.rules.credentials import variables


def env(subject: Object, known: Known) -> Iterator[Complaint]:
    """The variables of every operand."""
    for part, value in mapping(subject.data.get("spec")).items():
        yield from variables(mapping(value).get("env"), ("spec", part, "env"))


RULES = (env,)
