"""Credentials in the variables of operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.complaint import Complaint
from blueprint.check.rules.credentials import variables
from blueprint.check.rules.model import Known, mapping
from blueprint.render.model import Object


def env(subject: Object, known: Known) -> Iterator[Complaint]:
    """The variables of every operand."""
    for part, value in mapping(subject.data.get("spec")).items():
        yield from variables(mapping(value).get("env"), ("spec", part, "env"))


RULES = (env,)
