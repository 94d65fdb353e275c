"""Credentials in the variables of drivers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.complaint import Complaint
from blueprint.check.rules.credentials import variables
from blueprint.check.rules.model import Known, mapping
from blueprint.render.model import Object


def env(subject: Object, known: Known) -> Iterator[Complaint]:
    """The driver's variables."""
    yield from variables(mapping(subject.data.get("spec")).get("env"), ("spec", "env"))


RULES = (env,)
