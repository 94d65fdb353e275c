"""Permissions for all users."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

RIGHTS_FOR_ALL = define("BP6138", "cluster-admin-for-everyone", page=__file__)
_ALL = frozenset({"system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts"})


@rule(RIGHTS_FOR_ALL, tags=("security",))
def rights_for_all(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Cluster-admin for a group that contains every user or every pod."""
    if inside(subject.data, "roleRef", "name") != "cluster-admin":
        return
    for index, each in enumerate(map(mapping, items(subject.data.get("subjects")))):
        if str(each.get("name")) in _ALL:
            text = f"grants cluster administration to {each['name']}"
            yield ObjectFinding(
                RIGHTS_FOR_ALL, ("subjects", index, "name"), text, "bind a smaller role to fewer accounts"
            )


RULES = (rights_for_all,)
