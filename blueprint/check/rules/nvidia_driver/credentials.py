"""Credentials in the variables of drivers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.context import Known, mapping
from blueprint.check.rules.credentials import variables


def env(subject: Object, known: Known) -> Iterator[Complaint]:
    """The driver's variables."""
    yield from variables(mapping(subject.data.get("spec")).get("env"), ("spec", "env"))


RULES = (env,)
