"""Lint objects of any origin: schemas, references, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from blueprint.bundle.model import Object
from blueprint.check import codes
from blueprint.check.objects import validate_objects, without_explained
from blueprint.check.policy import RECOMMENDED, RulePolicy
from blueprint.check.rule import Capability
from blueprint.check.rule_context import NoPlatform, PlatformFacts, RuleContext
from blueprint.check.runner import RuleResults, run_rules
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.diagnostics.listing import listed
from blueprint.lint.inputs import Inputs
from blueprint.lint.placeholders import without_placeholders
from blueprint.records import Record, replace

_MISSING = frozenset(
    {
        codes.SERVICE_ACCOUNT_MISSING, codes.CONFIG_MISSING, codes.ROLE_MISSING, codes.NAMESPACE_NOT_RENDERED,
        codes.SUBJECT_MISSING,
    }
)  # fmt: skip
"""What refers to something outside of the input, which may exist all the same."""

_MILDER = {
    codes.NAMESPACE_NOT_ALLOWED: Severity.WARNING,  # the API server drops it, and nothing here compares by it
    codes.QUANTITY_FORM: Severity.NOTE,
    codes.MEANINGLESS_VALUE: Severity.NOTE,  # who owns which field is not known
    codes.REPEATED_ITEM: Severity.WARNING,  # not everybody uses server-side apply
}
"""What is less severe where nobody compares the objects with a cluster."""


class Surroundings(Record):
    """What is known beside the input: `facts` of a platform, and its rendered objects, which are not linted."""

    facts: PlatformFacts | None = None
    objects: tuple[Object, ...] = ()


_ALONE = Surroundings()


class LintResult(Record):
    """What was found.

    Attributes:
        diagnostics: The findings.
        objects: How many objects were examined.
        malformed: How many of them no rule judged, because they do not match the schema of their kind.
        unknown_kinds: Kinds without a schema here, with the number of their objects.
        rules: How the rules ran.
    """

    diagnostics: tuple[Diagnostic, ...]
    objects: int
    malformed: int
    unknown_kinds: Counter[str]
    rules: RuleResults


def lint(
    inputs: Inputs,
    *,
    kubernetes_minor: str,
    policy: RulePolicy = RECOMMENDED,
    surroundings: Surroundings = _ALONE,
    complete: bool = False,
) -> LintResult:
    """Check every object of the input.

    Args:
        inputs: What was read.
        kubernetes_minor: Whose schemas are used.
        policy: Which rules run.
        surroundings: A platform beside the input.
        complete: Whether no object exists outside of the input and its surroundings.
    """
    everything = (*surroundings.objects, *inputs.objects)
    validation = validate_objects(everything, kubernetes_minor=kubernetes_minor, for_clients=True)
    linted = {id(each) for each in inputs.objects}
    known = surroundings.facts or NoPlatform()
    extra = {Capability.COMPLETE} if complete else set()
    capabilities = (known.capabilities - {Capability.BLUEPRINT, Capability.COMPLETE}) | extra
    facts = NoPlatform(frozenset(capabilities), known.pools, known.dra, known.uses_claims, known.prometheus)
    only = frozenset(linted) if surroundings.objects else None
    rules = run_rules(RuleContext(validation.well_formed, facts), policy, only, validation.malformed)
    unknown = Counter[str]()
    found = list(_adapted(validation.diagnostics, inputs, unknown, complete=complete))
    explained = list(without_explained([*found, *rules.diagnostics]))
    found = list(listed([*inputs.problems, *without_placeholders(explained, inputs.texts)]))
    judged = sum(id(each) in linted for each in validation.well_formed)
    return LintResult(tuple(found), len(inputs.objects), len(inputs.objects) - judged, unknown, rules)


def _adapted(
    found: Iterable[Diagnostic], inputs: Inputs, unknown: Counter[str], *, complete: bool
) -> Iterator[Diagnostic]:
    """What validation finds, as it is meant for objects that no blueprint renders."""
    for each in found:
        if (each.at and each.at.file not in inputs.texts) or each.code is codes.STRING_DATA:  # wrong in a bundle alone
            continue
        if each.code is codes.SCHEMA_UNKNOWN:
            unknown[each.message.partition("no schema for ")[2]] += 1
        elif each.code is codes.DUPLICATE_OBJECT:
            yield replace(each, override=_of_duplicate(each))
        elif each.code in _MILDER and each.override is not Severity.ERROR:
            yield replace(each, override=_MILDER[each.code])
        elif each.code in _MISSING and not complete:
            yield replace(each, override=Severity.NOTE)
        else:
            yield each


def _of_duplicate(found: Diagnostic) -> Severity:
    """Of one file the second replaces the first. The files of a folder are often variants, of which one is applied."""
    files = {each.at.file for each in found.notes if each.at}
    return Severity.WARNING if found.at is None or found.at.file in files else Severity.NOTE


def in_changed_lines(found: Sequence[Diagnostic], changed: dict[str, set[int] | None]) -> list[Diagnostic]:
    """The findings at changed lines; None stands for every line of a file. A finding without a place stays."""
    return [each for each in found if each.at is None or _is_changed(each, changed)]


def _is_changed(found: Diagnostic, changed: dict[str, set[int] | None]) -> bool:
    at = found.at
    if at is None or at.file not in changed:
        return False
    lines = changed[at.file]
    return lines is None or any(line in lines for line in range(at.line, at.end_line + 1))
