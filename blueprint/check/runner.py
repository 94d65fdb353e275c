"""Runs rules: selects them, collects their findings, and records which did not run and why."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from blueprint.bundle.model import Object
from blueprint.check import codes
from blueprint.check.finding import ObjectFinding
from blueprint.check.policy import RECOMMENDED, RulePolicy
from blueprint.check.rule import MISSING, Rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.check.rules import EVERY_KIND, PODS, rules_of
from blueprint.diagnostics import Comparisons, Diagnostic
from blueprint.records import Record, replace
from blueprint.wording import counted

Target = Object | DescribedPod
_TOGETHER = 64
"""The number of objects that all rules check before the next ones: intermediate results are still cached."""
_NO_COMPARISONS = "there are too many names to search for misspelt ones"


class RuleNotRun(Record):
    """A rule that applies to some object but did not run."""

    rule: Rule
    reason: str


class RuleResults(Record):
    """The findings of the rules. `ran` is the number of rules; `failed` is set if one of them raised, so findings may
    be missing.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[RuleNotRun, ...] = ()
    ran: int = 0
    failed: bool = False


class _Omitted:
    """What a rule did not compare: the objects, by reason."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._subjects: dict[str, dict[int, Object]] = defaultdict(dict)

    def add(self, subject: Object, reasons: list[str]) -> None:
        """Add an object."""
        for reason in reasons:
            self._subjects[reason][id(subject)] = subject

    def to_diagnostic(self) -> Diagnostic:
        """One note for the rule."""
        ids = ", ".join(code.id for code in self._rule.codes)
        parts = [f"{counted(len(each), 'object')}: {reason}" for reason, each in self._subjects.items()]
        first = next(iter(next(iter(self._subjects.values())).values()))
        return Diagnostic(
            codes.RULE_INCOMPLETE,
            f"the rule for {ids} is incomplete for {'; for '.join(parts)}",
            help="check fewer objects at a time",
            evidence=(("rule", self._rule.name), ("first", str(first.id))),
        )


def run_rules(
    context: RuleContext,
    policy: RulePolicy = RECOMMENDED,
    only: frozenset[int] | None = None,
    malformed: tuple[Object, ...] = (),
) -> RuleResults:
    """Run the rules that the policy selects, on all objects of the context or on those whose id() is in `only`.

    Rules of form also check the `malformed` objects. A rule that raises becomes a finding about that rule; all others
    still run. A rule that does not compare everything becomes a note.
    """
    found: list[Diagnostic] = []
    skipped: list[RuleNotRun] = []
    crashes: dict[str, Diagnostic] = {}
    omitted: dict[str, _Omitted] = {}
    ran = 0
    for rules, targets in _applicable(context, malformed):
        running = []
        for rule in rules:
            if reason := _obstacle(rule, context, policy):
                skipped.append(RuleNotRun(rule, reason))
            else:
                comparisons = Comparisons(partial(context.omit, _NO_COMPARISONS))
                running.append((rule, rule.arguments(context, policy.options_of(rule)), comparisons))
        ran += len(running)
        for some in _portions(targets if only is None else [each for each in targets if id(_subject(each)) in only]):
            for rule, given, comparisons in running:
                with comparisons.counted():
                    for target in some:
                        try:
                            for each in rule.check(target, *given):
                                found += _judged(each, rule, _subject(target), policy)
                        except Exception as error:  # noqa: BLE001 - whatever a rule does, the others run
                            crashes.setdefault(rule.name, _crash(rule, _subject(target), error, policy))
                        if reasons := context.take_omissions():
                            omitted.setdefault(rule.name, _Omitted(rule)).add(_subject(target), reasons)
    notes = (each.to_diagnostic() for each in omitted.values())
    return RuleResults((*found, *crashes.values(), *notes), tuple(skipped), ran, bool(crashes))


def _portions(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    return (targets[begin : begin + _TOGETHER] for begin in range(0, len(targets), _TOGETHER))


def _applicable(
    context: RuleContext, malformed: tuple[Object, ...]
) -> Iterator[tuple[tuple[Rule, ...], Sequence[Target]]]:
    """All rules with something to check. Other rules are not even imported."""
    refused: dict[str, list[Object]] = {}
    for each in malformed:
        refused.setdefault(each.id.kind, []).append(each)
    everything = [each for objects in context.kinds.values() for each in objects]
    yield from _with_objects(rules_of(EVERY_KIND), everything, list(malformed))
    for kind in dict.fromkeys((*context.kinds, *refused)):
        if kind.lower() in (PODS, EVERY_KIND):  # another kind that has the name of a folder such as `pods`
            continue
        yield from _with_objects(rules_of(kind.lower()), context.kinds.get(kind, []), refused.get(kind, []))
    if context.pods:
        yield rules_of(PODS), context.pods


def _with_objects(
    rules: tuple[Rule, ...], formed: list[Object], malformed: list[Object]
) -> Iterator[tuple[tuple[Rule, ...], Sequence[Object]]]:
    """The rules of one subject, each with the objects that it checks, if there are any."""
    if not rules:
        return
    formed = _of_groups(formed, rules[0].groups)
    malformed_too = [*formed, *_of_groups(malformed, rules[0].groups)]
    for objects, of_form in ((formed, False), (malformed_too, True)):
        if objects and (those := tuple(rule for rule in rules if rule.of_form is of_form)):
            yield those, objects


def _of_groups(objects: list[Object], groups: tuple[str, ...] | None) -> list[Object]:
    """The objects whose kind belongs to one of the groups: kinds of other groups may have the same name."""
    return objects if groups is None else [each for each in objects if each.id.group in groups]


def _obstacle(rule: Rule, context: RuleContext, policy: RulePolicy) -> str | None:
    """Why a rule does not run."""
    lacking = next((MISSING[each] for each in sorted(rule.needs) if each not in context.capabilities), None)
    return policy.obstacle(rule) or lacking


def _judged(finding: ObjectFinding, rule: Rule, subject: Object, policy: RulePolicy) -> Iterator[Diagnostic]:
    """The finding as a diagnostic, unless the policy ignores its code there."""
    diagnostic = finding.to_diagnostic(subject)
    if not rule.conceals and not policy.admits(rule, finding.code, diagnostic.at.file if diagnostic.at else ""):
        return
    severity = policy.severity_of(finding.code)
    yield replace(diagnostic, override=severity) if severity and not finding.code.conceals else diagnostic


def _crash(rule: Rule, subject: Object, error: Exception, policy: RulePolicy) -> Diagnostic:
    last = traceback.extract_tb(error.__traceback__)[-1]
    evidence = [("rule", rule.name), ("raised in", f"{last.name}, line {last.lineno}")]
    if policy.debug:
        evidence.append(("traceback", "".join(traceback.format_exception(error)).rstrip()))
    ids = ", ".join(code.id for code in rule.codes)
    return Diagnostic(
        codes.RULE_FAILED,
        f"{subject.id}: the rule for {ids} failed: {type(error).__name__}: {error}",
        help=f"this is a bug in the rule: please report it. `--ignore {rule.codes[0].id}` runs the others without it",
        subject=str(subject.id),
        evidence=tuple(evidence),
    )


def _subject(target: Object | DescribedPod) -> Object:
    return target.subject if isinstance(target, DescribedPod) else target
