"""Checks a reading against the expectations for its node, and determines the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.diagnostics import nearest
from blueprint.probe import codes
from blueprint.probe.check import Check, Invariant, UnusableParametersError
from blueprint.probe.checks import all_checks
from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.probe.observation import Status
from blueprint.probe.observations import ObservedNode
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Result, Verdict, VerdictFactory

EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNKNOWN = 0, 1, 3
_GPU_COUNT, _NVML = "gpu-count", "nvml"
_BLAMED_FIRST = (_NVML, _GPU_COUNT, "gpu-product")


def judge(reading: Reading, expectations: Sequence[Expectation]) -> list[Verdict]:
    """All verdicts on one node: for each expectation of its pool, and for the invariants.

    `expectations` are only those of the node's pool. A check without an expectation is reported as skipped; an
    expectation that this tool cannot check is unknown. Declared GPUs (`gpu-count` above zero) imply that NVML must
    respond. The result depends only on the arguments.
    """
    expected = [*expectations, *_implied(expectations)]
    verdicts = [verdict for expectation in expected for verdict in _judge_one(reading, expectation)]
    pool = expected[0].pool if expected else ""
    blamed = _blamed(expected)
    for check in all_checks().values():
        if isinstance(check, Invariant):
            verdicts += check.verdicts(reading, Expectation(pool, check.slug, None, blamed))
        elif not check.only_if_expected and check.slug not in {each.check for each in expected}:
            verdicts.append(_not_expected(reading, check.slug, expected))
    return verdicts


def exit_code_of(verdicts: Sequence[Verdict]) -> int:
    """1 if anything failed, otherwise 3 if anything is unknown, otherwise 0."""
    results = {verdict.result for verdict in verdicts}
    if Result.FAIL in results:
        return EXIT_FINDINGS
    return EXIT_UNKNOWN if Result.UNKNOWN in results else EXIT_CLEAN


def _implied(expectations: Sequence[Expectation]) -> Iterator[Expectation]:
    if any(each.check == _NVML for each in expectations):
        return
    for each in expectations:
        if each.check == _GPU_COUNT and isinstance(each.parameters, int) and each.parameters > 0:
            yield each._replace(check=_NVML, parameters=True)
            return


def _blamed(expected: Sequence[Expectation]) -> tuple[ExpectationSource, ...]:
    """The line that declares GPUs for this node: an error without its own expectation contradicts it."""
    for slug in _BLAMED_FIRST:
        for each in expected:
            if each.check == slug:
                return each.sources
    return ()


def _judge_one(reading: Reading, expectation: Expectation) -> list[Verdict]:
    check = all_checks().get(expectation.check)
    if not isinstance(check, Check):
        known = [slug for slug, each in all_checks().items() if isinstance(each, Check)]
        similar = nearest(expectation.check, known)
        why = f"this probe has no check {expectation.check!r}" + (f"; {similar}?" if similar else "")
        return [_unusable(reading, expectation, why)]
    try:
        return check.verdicts(reading, expectation)
    except UnusableParametersError as error:
        return [_unusable(reading, expectation, f"the expectation of {check.slug} is unusable: {error}")]


def _unusable(reading: Reading, expectation: Expectation, why: str) -> Verdict:
    return Verdict(
        check=expectation.check,
        result=Result.UNKNOWN,
        node=reading.node,
        message=why,
        code=codes.EXPECTATION_UNUSABLE,
        expectation=expectation,
        remedy="compile and probe with the same version of the tool",
    )


def _not_expected(reading: Reading, slug: str, expected: Sequence[Expectation]) -> Verdict:
    """The verdict if nothing is expected. A silent NVML is still reported, unless the pool declares no GPUs."""
    init = ObservedNode(reading).nvml
    without = any(each.check == _GPU_COUNT and each.parameters == 0 for each in expected)
    if slug == _NVML and init.status is not Status.READ and not without:
        return VerdictFactory(reading, Expectation("", _NVML, None, ())).unknown(init)
    return Verdict(slug, Result.SKIP, reading.node, "no expectation declared")
