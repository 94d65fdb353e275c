"""Lints objects of any origin: schemas, references, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from blueprint.check import codes
from blueprint.check.objects import validate_objects, without_explained
from blueprint.check.policy import RECOMMENDED, RulePolicy
from blueprint.check.rule import Capability
from blueprint.check.rule_context import NoPlatform, RuleContext, mapping
from blueprint.check.runner import RuleResults, run_rules
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.diagnostics.listing import listed
from blueprint.lint.flux_patches import is_of_flux, is_reconciled
from blueprint.lint.inputs import Inputs
from blueprint.lint.placeholders import without_placeholders
from blueprint.lint.platform import RenderedPlatform
from blueprint.records import Record, replace

_MISSING = frozenset(
    {
        codes.SERVICE_ACCOUNT_MISSING, codes.CONFIG_MISSING, codes.ROLE_MISSING, codes.NAMESPACE_NOT_RENDERED,
        codes.SUBJECT_MISSING,
    }
)  # fmt: skip
"""Codes for references to objects outside of the input, which may exist."""

_MILDER = {
    codes.NAMESPACE_NOT_ALLOWED: Severity.WARNING,  # the API server drops it, and nothing here compares it
    codes.QUANTITY_FORM: Severity.NOTE,
    codes.MEANINGLESS_VALUE: Severity.NOTE,  # the owner of each field is unknown
    codes.REPEATED_ITEM: Severity.WARNING,  # server-side apply may not be used
}
"""Codes that are less severe if the objects are not compared with a cluster."""


_OF_FLUX = "a Flux Kustomization outside the input may set it by a patch: lint that file too"


class LintResult(Record):
    """The results of linting.

    Attributes:
        diagnostics: The findings.
        objects: The number of examined objects.
        malformed: The number of objects that no rule checked, because they do not match the schema of their kind.
        unknown_kinds: Kinds without a known schema, with the number of their objects.
        rules: The results of the rules.
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
    platform: RenderedPlatform | None = None,
    complete: bool = False,
) -> LintResult:
    """Check all objects of the input.

    Args:
        inputs: The input.
        kubernetes_minor: The Kubernetes minor version of the schemas.
        policy: The rules that run.
        platform: The platform for which the input is.
        complete: Whether no object exists outside of the input and the platform.
    """
    linted = platform.as_rendered(inputs.objects) if platform else inputs.objects
    others = platform.beside(linted) if platform else ()
    existing = platform.declared.existing_namespaces if platform else ()
    validation = validate_objects(
        (*others, *linted), kubernetes_minor=kubernetes_minor, namespaces=existing, for_clients=True
    )
    own = {id(each) for each in linted}
    well_formed = [each for each in validation.well_formed if id(each) in own]
    known, consequences = platform.with_drivers_of(well_formed, inputs.texts) if platform else (NoPlatform(), ())
    extra = {Capability.COMPLETE} if complete else set()
    capabilities = (known.capabilities - {Capability.BLUEPRINT, Capability.COMPLETE}) | extra
    facts = NoPlatform(frozenset(capabilities), known.pools, known.dra, known.uses_claims, known.prometheus)
    only = frozenset(own) if others else None
    rules = run_rules(RuleContext(validation.well_formed, facts), policy, only, validation.malformed)
    unknown = Counter[str]()
    found = list(_adapted(validation.diagnostics, inputs, unknown, complete=complete))
    explained = list(without_explained([*found, *consequences, *rules.diagnostics]))
    found = list(listed([*inputs.problems, *without_placeholders(explained, inputs.texts)]))
    judged = sum(id(each) in own for each in validation.well_formed)
    return LintResult(tuple(found), len(inputs.objects), len(inputs.objects) - judged, unknown, rules)


def _adapted(
    found: Iterable[Diagnostic], inputs: Inputs, unknown: Counter[str], *, complete: bool
) -> Iterator[Diagnostic]:
    """The findings of validation, adapted to objects that no blueprint renders."""
    patched = frozenset[str]() if complete else _of_flux_alone(inputs)
    for each in found:
        if (each.at and each.at.file not in inputs.texts) or each.code is codes.STRING_DATA:  # wrong in a bundle alone
            continue
        if each.code is codes.SCHEMA_UNKNOWN:
            unknown[each.message.partition("no schema for ")[2]] += 1
        elif each.code is codes.DUPLICATE_OBJECT:
            yield replace(each, override=_of_duplicate(each))
        elif each.code in _MILDER and each.override is not Severity.ERROR:
            yield replace(each, override=_MILDER[each.code])
        elif each.code is codes.MISSING_FIELD and each.subject in patched:
            yield replace(each, override=Severity.WARNING, help=_OF_FLUX)
        elif each.code in _MISSING and not complete:
            yield replace(each, override=Severity.NOTE)
        else:
            yield each


def _of_flux_alone(inputs: Inputs) -> frozenset[str]:
    """The objects of Flux that no Kustomization of the input reconciles, as diagnostics name them."""
    found = (
        (each, place.template.file)
        for each in inputs.objects
        if is_of_flux(each.data) and (place := each.origin(())) and "name" in mapping(each.data.get("metadata"))
    )
    return frozenset(str(each.id) for each, file in found if not is_reconciled(file, inputs.reconciled))


def _of_duplicate(found: Diagnostic) -> Severity:
    """The severity of a duplicate: in one file, the second replaces the first. Files in a folder are often variants, of
    which one is applied.
    """
    files = {each.at.file for each in found.notes if each.at}
    return Severity.WARNING if found.at is None or found.at.file in files else Severity.NOTE


def in_changed_lines(found: Sequence[Diagnostic], changed: dict[str, set[int] | None]) -> list[Diagnostic]:
    """The findings in changed lines; None represents all lines of a file. A finding without a location stays."""
    return [each for each in found if each.at is None or _is_changed(each, changed)]


def _is_changed(found: Diagnostic, changed: dict[str, set[int] | None]) -> bool:
    at = found.at
    if at is None or at.file not in changed:
        return False
    lines = changed[at.file]
    return lines is None or any(line in lines for line in range(at.line, at.end_line + 1))
