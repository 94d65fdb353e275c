"""Credentials in ConfigMaps, which everyone with read access to the namespace can read."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.credentials import SECRET_IN_PLAIN_TEXT, CredentialOptions, is_credential
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping


@rule(SECRET_IN_PLAIN_TEXT, tags=("security",), options=CredentialOptions())
def data(subject: Object, context: RuleContext, options: CredentialOptions) -> Iterator[ObjectFinding]:
    """Values of users' ConfigMaps."""
    for key, value in mapping(subject.data.get("data")).items() if subject.component == USERS else ():
        if isinstance(value, str) and key not in options.allowed and is_credential(str(key), value):
            text = f"the key {key} contains a credential in plain text"
            yield ObjectFinding(SECRET_IN_PLAIN_TEXT, ("data", key), text, "use a Secret in the cluster")


RULES = (data,)
