"""Converts verdicts to diagnostics: one per failure, and one per cause of unknown facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from blueprint.diagnostics import Diagnostic, Note
from blueprint.probe import codes
from blueprint.probe.expectations import ExpectationSource
from blueprint.probe.nvml_codes import name_of
from blueprint.probe.observations import GpuId
from blueprint.probe.reading import Call, CallOutcome, Origin, Reading
from blueprint.probe.verdicts import Result, Verdict

_SEVERAL = 2
_GPU = "\0"
"""A placeholder for the GPU in a message about several GPUs."""


def diagnostics_of(verdicts: Sequence[Verdict], reading: Reading) -> list[Diagnostic]:
    """One diagnostic per failure and per cause of unknown facts: what several GPUs have in common is reported once.

    Passed and skipped checks are counted, not reported. Every diagnostic contains the node, the GPU by UUID and PCI
    address, the call with its return code and raw value, and the contradicted blueprint line.
    """
    failed = [verdict for verdict in verdicts if verdict.result is Result.FAIL]
    explaining = [*failed, *(verdict for verdict in verdicts if _names_cause(verdict))]
    explained = [call for verdict in explaining for call in verdict.evidence if not call.answered]
    faults: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in failed:
        faults.setdefault(_fault(verdict), []).append(verdict)
    causes: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.result is Result.UNKNOWN and (_names_cause(verdict) or not _explained(verdict, explained)):
            causes.setdefault(_cause(verdict), []).append(verdict)
    findings = [_finding(together, reading) for together in faults.values()]
    return findings + [_unknown(together, reading) for together in causes.values()]


def _names_cause(verdict: Verdict) -> bool:
    """Whether an unknown verdict names its cause with a code of its check: it then explains other unknowns with that
    cause.
    """
    return verdict.result is Result.UNKNOWN and verdict.code not in codes.UNKNOWN


def _fault(verdict: Verdict) -> tuple[object, ...]:
    """The key for combining findings: everything except the GPU and the measured value."""
    return (verdict.code, verdict.check, _without_gpu(verdict), verdict.measured, verdict.expected)


def _cause(verdict: Verdict) -> tuple[object, ...]:
    """The key for combining unknowns: a function that NVML lacks or refuses has the same cause on every GPU.

    A call that hung or crashed is reported for each GPU, because the cause may be that GPU.
    """
    call = verdict.evidence[0] if len(verdict.evidence) == 1 else None
    if verdict.gpu and call and call.outcome is CallOutcome.RETURNED and not call.answered:
        return (verdict.code, call.call, call.code, verdict.remedy)
    return (verdict.code, verdict.gpu, verdict.message)


def _without_gpu(verdict: Verdict) -> str:
    return verdict.message.replace(str(verdict.gpu), _GPU) if verdict.gpu else verdict.message


def _gpus(together: Sequence[Verdict]) -> list[GpuId]:
    return list(dict.fromkeys(each.gpu for each in together if each.gpu))


def counts_of(verdicts: Sequence[Verdict]) -> Counter[Result]:
    """The number of verdicts with each result."""
    return Counter(verdict.result for verdict in verdicts)


def why_skipped(verdicts: Sequence[Verdict]) -> list[str]:
    """The skipped checks by reason: `ecc-mode, mig-mode (no expectation declared)`."""
    reasons: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.result is Result.SKIP and verdict.check not in reasons.setdefault(verdict.message, []):
            reasons[verdict.message].append(verdict.check)
    return [f"{', '.join(checks)} ({reason})" for reason, checks in reasons.items()]


def _explained(verdict: Verdict, explained: list[Call]) -> bool:
    """Whether a failure already explains all calls that this verdict lacks: a lost GPU is reported once."""
    return bool(verdict.evidence) and all(call in explained for call in verdict.evidence)


def _finding(together: list[Verdict], reading: Reading) -> Diagnostic:
    """A failure; for several GPUs, their number, with the GPUs listed in the evidence."""
    first, gpus = together[0], _gpus(together)
    message = first.message
    if len(gpus) > 1:
        message = _without_gpu(first).replace(_GPU, f"each of {len(gpus)} GPUs")
    if not re.search(rf"(?<![\w.-]){re.escape(first.node)}(?![\w.-])", message):
        message += f" (node {first.node})"
    return _diagnostic(together, reading, message, label=_label(first))


def _unknown(together: list[Verdict], reading: Reading) -> Diagnostic:
    """The finding for an unknown fact, with all checks that have no result because of it."""
    first, gpus = together[0], _gpus(together)
    checks = list(dict.fromkeys(each.check for each in together if each.expectation and each.expectation.sources))
    about = f"{gpus[0]} on {first.node}: " if gpus else f"{first.node}: "
    unjudged = f"; unknown: {', '.join(checks)}" if len(checks) >= _SEVERAL else ""
    reason = first.message
    if len(gpus) > 1:
        about = f"{len(gpus)} GPUs on {first.node}: "
        call = first.evidence[0]
        reason = f"{call.call} returned {name_of(call.code or 0)} ({call.code})"
    return _diagnostic(together, reading, f"{about}{reason}{unjudged}", label="unknown")


def _diagnostic(together: Sequence[Verdict], reading: Reading, message: str, *, label: str) -> Diagnostic:
    verdict = together[0]
    sources = verdict.expectation.sources if verdict.expectation else ()
    return Diagnostic(
        code=verdict.code or codes.FACT_UNREADABLE,
        message=message,
        at=sources[0].span if sources else None,
        label=label,
        notes=tuple(_note(source) for source in sources[1:]),
        help=verdict.remedy or None,
        subject=f"Node/{verdict.node}",
        path=sources[0].path if sources else None,
        evidence=tuple(pair for pair in _evidence(together, reading) if pair[1]),
    )


def _evidence(together: Sequence[Verdict], reading: Reading) -> list[tuple[str, str]]:
    """The evidence; for several GPUs with one cause, all are listed and the calls of one are shown."""
    verdict, gpus = together[0], _gpus(together)
    synthetic = "synthetic: not evidence about real hardware" if reading.origin is Origin.SYNTHETIC else ""
    return [
        ("node", verdict.node),
        *(pair for gpu in gpus for pair in (("gpu", gpu.uuid or f"index {gpu.index}"), ("pci", gpu.pci))),
        ("check", verdict.check),
        ("wanted", verdict.expected),
        ("demanded by", _demand(verdict)),
        ("measured", verdict.measured),
        *(("call", str(call)) for call in verdict.evidence),
        *(("file", str(answer)) for answer in verdict.files),
        ("raw", verdict.raw),
        ("time", reading.time),
        ("reading", synthetic),
    ]


def _demand(verdict: Verdict) -> str:
    """The field and layer of the requirement: an overlay's value is not attributed to the blueprint."""
    if not verdict.expectation or not verdict.expectation.sources:
        return ""
    source = verdict.expectation.sources[0]
    return f"{source.path} ({source.layer}, {source.file}:{source.line})"


def _label(verdict: Verdict) -> str:
    return f"measured: {verdict.measured}" if verdict.measured else ""


def _note(source: ExpectationSource) -> Note:
    return Note(f"{source.path} contributed ({source.layer})", source.span)
