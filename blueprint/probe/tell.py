"""Verdicts as diagnostics: what failed, each on its own; what is unknown, once per cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from blueprint.diagnostics import Diagnostic, Note
from blueprint.probe import codes
from blueprint.probe.model import ExpectationSource
from blueprint.probe.reading import Call, Origin, Reading
from blueprint.probe.verdict import Result, Verdict

_SEVERAL = 2


def diagnostics_of(verdicts: Sequence[Verdict], reading: Reading) -> list[Diagnostic]:
    """One diagnostic per failure. Verdicts that are unknown for the same cause are told together.

    What passed or was skipped is counted, not told. Every diagnostic names the node, the GPU by UUID and PCI
    address, the call with its return code and raw answer, and the blueprint line that demands otherwise.
    """
    failed = [verdict for verdict in verdicts if verdict.result is Result.FAIL]
    explained = [call for verdict in failed for call in verdict.evidence if not call.answered]
    causes: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.result is Result.UNKNOWN and not _explained(verdict, explained):
            causes.setdefault((verdict.code, verdict.gpu, verdict.message), []).append(verdict)
    told = [_finding(verdict, reading) for verdict in failed]
    return told + [_ignorance(together, reading) for together in causes.values()]


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


def _finding(verdict: Verdict, reading: Reading) -> Diagnostic:
    return _diagnostic(verdict, reading, verdict.message, label=_label(verdict))


def _ignorance(together: list[Verdict], reading: Reading) -> Diagnostic:
    """What could not be found out, and every check that is left without an answer by it."""
    first = together[0]
    checks = list(dict.fromkeys(each.check for each in together if each.expectation and each.expectation.sources))
    about = f"{first.gpu}: " if first.gpu else f"{first.node}: "
    unjudged = f"; unknown: {', '.join(checks)}" if len(checks) >= _SEVERAL else ""
    return _diagnostic(first, reading, f"{about}{first.message}{unjudged}", label="unknown")


def _diagnostic(verdict: Verdict, reading: Reading, message: str, *, label: str) -> Diagnostic:
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
        evidence=tuple(pair for pair in _evidence(verdict, reading) if pair[1]),
    )


def _evidence(verdict: Verdict, reading: Reading) -> list[tuple[str, str]]:
    gpu, evidence = verdict.gpu, verdict.evidence
    synthetic = "synthetic: it says nothing about real hardware" if reading.origin is Origin.SYNTHETIC else ""
    return [
        ("node", verdict.node),
        ("gpu", gpu.uuid or f"index {gpu.index}" if gpu else ""),
        ("pci", gpu.pci if gpu else ""),
        ("check", verdict.check),
        ("wanted", verdict.wanted),
        ("demanded by", _demand(verdict)),
        ("measured", verdict.measured),
        *(("call", str(call)) for call in evidence),
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
