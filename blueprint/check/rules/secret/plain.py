"""Secrets with values in manifests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.credentials import SECRET_IN_PLAIN_TEXT
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Severity
from blueprint.source.placeholders import is_placeholder


@rule(SECRET_IN_PLAIN_TEXT, tags=("security",))
def plain(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A Secret with literal values: base64 is not encryption.

    Without a blueprint, it is unknown where the file is stored.
    """
    override = None if Capability.BLUEPRINT in context.capabilities else Severity.WARNING
    keys = [
        str(key) for key, value in mapping(subject.data.get("data")).items() if value and not _stands_for_one(value)
    ]
    if keys:
        text = f"contains {', '.join(sorted(keys))} in plain text"
        help_ = "create the Secret in the cluster: with an external-secrets operator, as a sealed secret, or by hand"
        yield ObjectFinding(SECRET_IN_PLAIN_TEXT, ("data",), text, help_, override)


def _stands_for_one(value: Any) -> bool:
    """Whether it is not a credential: a placeholder, or encrypted. `stringData` is read as base64, as it is stored."""
    try:
        decoded = base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        decoded = str(value)
    return is_placeholder(decoded.strip())


RULES = (plain,)
