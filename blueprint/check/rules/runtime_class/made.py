"""RuntimeClasses that the operator makes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.context import USERS, Known
from blueprint.diagnostics import define

MADE_BY_THE_OPERATOR = define(
    "BP6140",
    "made-by-the-operator",
    """
The GPU Operator makes this RuntimeClass, changes it to what it thinks right, and deletes it with the NRI plugin. A
manifest of the same name is overwritten, or fought over for ever.
""",
)


def made(subject: Object, known: Known) -> Iterator[Complaint]:
    """A user's RuntimeClass of the operator's name."""
    name = known.of_policy("operator", "runtimeClass") or "nvidia"
    if subject.component == USERS and known.policy is not None and subject.id.name == name:
        yield Complaint(MADE_BY_THE_OPERATOR, ("metadata", "name"), f"the GPU Operator makes {name}", "remove it")


RULES = (made,)
