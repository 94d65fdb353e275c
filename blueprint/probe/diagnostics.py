"""Verdicts as diagnostics: each failure, and each cause of what is unknown, once."""

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
"""Stands for the GPU in a message that several have in common."""


def diagnostics_of(verdicts: Sequence[Verdict], reading: Reading) -> list[Diagnostic]:
    """One diagnostic per failure and per cause of what is unknown: what several GPUs have in common is reported once.

    What passed or was skipped is counted, not reported. Every diagnostic names the node, the GPU by UUID and PCI
    address, the call with its return code and raw answer, and the blueprint line that demands otherwise.
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
    """Whether an unknown names its cause, by a code of its check: it then explains what else is unknown by it."""
    return verdict.result is Result.UNKNOWN and verdict.code not in codes.UNKNOWN


def _fault(verdict: Verdict) -> tuple[object, ...]:
    """What makes two findings one: all but the GPU, and what was answered."""
    return (verdict.code, verdict.check, _without_gpu(verdict), verdict.measured, verdict.expected)


def _cause(verdict: Verdict) -> tuple[object, ...]:
    """What makes two unknowns one: a function that NVML lacks or refuses is the same cause on every GPU.

    A call that hung or crashed is reported for each GPU: it may be that GPU's.
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
    """How many verdicts have each outcome."""
    return Counter(verdict.result for verdict in verdicts)


def why_skipped(verdicts: Sequence[Verdict]) -> list[str]:
    """What was not judged, reason by reason: `ecc-mode, mig-mode (no expectation declared)`."""
    reasons: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.result is Result.SKIP and verdict.check not in reasons.setdefault(verdict.message, []):
            reasons[verdict.message].append(verdict.check)
    return [f"{', '.join(checks)} ({reason})" for reason, checks in reasons.items()]


def _explained(verdict: Verdict, explained: list[Call]) -> bool:
    """Whether a failure already tells of every call that this verdict misses: a lost GPU is told once."""
    return bool(verdict.evidence) and all(call in explained for call in verdict.evidence)


def _finding(together: list[Verdict], reading: Reading) -> Diagnostic:
    """A failure; of several GPUs, how many, and which is in the evidence."""
    first, gpus = together[0], _gpus(together)
    message = first.message
    if len(gpus) > 1:
        message = _without_gpu(first).replace(_GPU, f"each of {len(gpus)} GPUs")
    if not re.search(rf"(?<![\w.-]){re.escape(first.node)}(?![\w.-])", message):
        message += f" (node {first.node})"
    return _diagnostic(together, reading, message, label=_label(first))


def _unknown(together: list[Verdict], reading: Reading) -> Diagnostic:
    """What could not be found out, and every check that is left without an answer by it."""
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
    """Of several GPUs with one cause, all are named and one is shown with its calls."""
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
    """The field and the layer that made the demand: an overlay's word is not the blueprint's."""
    if not verdict.expectation or not verdict.expectation.sources:
        return ""
    source = verdict.expectation.sources[0]
    return f"{source.path} ({source.layer}, {source.file}:{source.line})"


def _label(verdict: Verdict) -> str:
    return f"measured: {verdict.measured}" if verdict.measured else ""


def _note(source: ExpectationSource) -> Note:
    return Note(f"{source.path} took part ({source.layer})", source.span)
