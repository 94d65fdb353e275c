"""Rights for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

EVERYBODY_MAY = define(
    "BP6138",
    "everybody-is-administrator",
    """
The binding makes everybody who reaches the API server, or every pod, its administrator. Bind a role with the rights
that are needed to the accounts that need them.
""",
)
_EVERYBODY = frozenset({"system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts"})


def everybody(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """All rights for a group of everybody."""
    if inside(subject.data, "roleRef", "name") != "cluster-admin":
        return
    for index, each in enumerate(map(mapping, items(subject.data.get("subjects")))):
        if str(each.get("name")) in _EVERYBODY:
            text = f"makes {each['name']} administrators"
            yield ObjectFinding(
                EVERYBODY_MAY, ("subjects", index, "name"), text, "bind a smaller role to fewer accounts"
            )


RULES = (everybody,)
