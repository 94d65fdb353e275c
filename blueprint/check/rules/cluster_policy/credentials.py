"""Credentials in the variables of operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.credentials import SECRET_IN_PLAIN_TEXT, CredentialOptions, variables
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping


@rule(SECRET_IN_PLAIN_TEXT, tags=("security",), options=CredentialOptions())
def env(subject: Object, context: RuleContext, options: CredentialOptions) -> Iterator[ObjectFinding]:
    """The variables of every operand."""
    for part, value in mapping(subject.data.get("spec")).items():
        yield from variables(mapping(value).get("env"), ("spec", part, "env"), options)


RULES = (env,)
