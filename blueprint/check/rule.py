"""The rule type: its codes, the facts that it needs, and the function that checks an object or a pod."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from blueprint import promql
from blueprint.check.finding import ObjectFinding
from blueprint.diagnostics import Code, Severity
from blueprint.records import Record

Check = Callable[..., Iterator[ObjectFinding]]
"""`(subject, context)`, or `(subject, context, options)` for a rule with options; a subject is an object or a pod."""


class Capability(enum.StrEnum):
    """Information that a rule needs in addition to the objects. Without it, the rule does not run."""

    POOLS = enum.auto()
    CLAIMS = enum.auto()
    COMPLETE = enum.auto()
    BLUEPRINT = enum.auto()
    PROMQL = enum.auto()


MISSING = {
    Capability.POOLS: "the node pools are not known; specify --blueprint FILE",
    Capability.CLAIMS: "the platform's DRA driver is not known; specify --blueprint FILE",
    Capability.COMPLETE: "there may be objects outside the input; --complete states that there are none",
    Capability.BLUEPRINT: "the objects do not come from a blueprint",
    Capability.PROMQL: f"{promql.PACKAGE} is not installed; install the extra promql",
}
"""Why a rule without the capability does not run."""


class Profile(enum.StrEnum):
    """The strictness of the checks; each profile includes the previous ones."""

    MINIMAL = "minimal"
    RECOMMENDED = "recommended"
    STRICT = "strict"

    def contains(self, other: Profile) -> bool:
        """Whether this profile includes the rules of the other one."""
        order = list(Profile)
        return order.index(other) <= order.index(self)


class Rule(Record):
    """One rule.

    Attributes:
        check: Yields the findings for one object or pod.
        codes: The codes of its findings. Each has a page, `BPxxxx.md`, next to the module that defines it.
        tags: Topics by which rules can be selected or ignored: `security`, `dra`, ...
        needs: The required capabilities.
        profile: The smallest profile in which it runs.
        options: An instance of a record with the defaults; `[rules.options.CODE]` sets its fields.
        of_form: Whether it also checks objects that violate the schema of their kind, because it explains better.
        subject: The folder in which it is listed: `pods`, `objects`, or a kind. One rule may be listed in several.
        groups: The API groups of the kind; None for all.
    """

    check: Check
    codes: tuple[Code, ...]
    tags: frozenset[str]
    needs: frozenset[Capability]
    profile: Profile
    options: Any
    of_form: bool
    subject: str = ""
    groups: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The module and the name of the function: `rules.pods.requests.form`."""
        return f"{self.check.__module__.removeprefix('blueprint.check.')}.{self.check.__name__}"

    @property
    def about(self) -> str:
        """A one-line description of what the rule checks."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]

    @property
    def conceals(self) -> bool:
        """Whether it keeps credentials out of bundles and reports. Such a rule always runs."""
        return any(code.conceals for code in self.codes)

    def __call__(self, subject: Any, context: Any, options: Any = None) -> Iterable[ObjectFinding]:
        """The findings for one object or pod."""
        return self.check(subject, *self.arguments(context, options))

    def arguments(self, context: Any, options: Any = None) -> tuple[Any, ...]:
        """The arguments of its function after the object or pod."""
        return (context,) if self.options is None else (context, options or self.options)


def rule(
    *codes: Code,
    tags: Iterable[str] = (),
    needs: Iterable[Capability] = (),
    profile: Profile | None = None,
    options: Any = None,
    of_form: bool = False,
) -> Callable[[Check], Rule]:
    """Convert a function to a rule. By default, a rule that can report an error is in the profile `minimal`."""
    can_fail = any(code.severity is Severity.ERROR for code in codes)

    def made(check: Check) -> Rule:
        """The rule for the decorated function."""
        smallest = profile or (Profile.MINIMAL if can_fail else Profile.RECOMMENDED)
        return Rule(check, codes, frozenset(tags), frozenset(needs), smallest, options, of_form)

    return made
