"""Converts workload answers to diagnostics, and to a table for users."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from blueprint.admission import codes
from blueprint.admission.model import Fit, PoolAnswer, WorkloadAnswer
from blueprint.admission.together import FlavorDemand, PodSet, Whole
from blueprint.check.finding import ObjectFinding
from blueprint.diagnostics import Code, Diagnostic
from blueprint.platform.nodes.offered import shown_amount
from blueprint.wording import counted, joined

_NARROWEST = 30
_INDENT = 4
_COUNT_IT = "give the tenant a quota of cpu or memory, too, or put that pod set last"
_HEAD = ("WORKLOAD", "POOL", "NODES", "AT ONCE", "REMARKS")


def diagnostics(results: Sequence[WorkloadAnswer]) -> Iterator[Diagnostic]:
    """One diagnostic per workload, and another one if it has too many pods."""
    for answer in results:
        code, text = _summary(answer)
        text = f"{answer.set_name}: {text}" if answer.set_name else text
        shares = answer.whole.shares if answer.whole else ()
        evidence = [(each.pool, _in_words(each)) for each in answer.pools]
        evidence += [(each.flavor.pool, f"together: {_shared(each)}") for each in shares]
        evidence += [("namespace", answer.remark)] if answer.remark else []
        help_ = "use a tenant's namespace, or specify --tenant" if answer.remark else None
        yield ObjectFinding(code, answer.path, text, help_, evidence=tuple(evidence)).to_diagnostic(answer.subject)
        if answer.is_crowded:
            text = f"it has {answer.wanted} pods, but only {answer.at_once} fit at the same time"
            help_ = "request fewer pods, or run them one after another"
            yield ObjectFinding(codes.CROWDED, answer.path, text, help_).to_diagnostic(answer.subject)
    for sets in by_workload(results):
        if (whole := sets[-1].whole) is None:
            continue
        if whole.uncounted:
            finding = ObjectFinding(codes.BEYOND_QUOTA, ("spec",), _uncounted(sets[-1], whole.uncounted), _COUNT_IT)
            yield finding.to_diagnostic(sets[-1].subject)
        if whole.lacking:
            finding = ObjectFinding(codes.BEYOND_QUOTA, ("spec",), _lacking(sets[-1], whole), _way_out(whole))
            yield finding.to_diagnostic(sets[-1].subject)


def _uncounted(answer: WorkloadAnswer, uncounted: PodSet) -> str:
    """The message for a workload that is not admitted because no quota covers some of its pods."""
    return (
        f"the queue of tenant {answer.tenant} never admits this workload: there is no quota for what {uncounted} "
        "requests, and Kueue assigns no flavor to the pod sets after it"
    )


def by_workload(results: Sequence[WorkloadAnswer]) -> Iterator[list[WorkloadAnswer]]:
    """The answers grouped by workload, one for each pod set."""
    for _, found in groupby(results, key=lambda answer: id(answer.subject)):
        yield [*found]


def _lacking(answer: WorkloadAnswer, whole: Whole) -> str:
    """The message for a workload whose pod sets cannot be admitted together."""
    queue = f"the queue of tenant {answer.tenant}"
    does = f"while nothing else runs, {queue} does not admit" if whole.otherwise else f"{queue} never admits"
    reasons = "; ".join(f"{_shared(each)}, but it provides at most {_gettable(each)}" for each in whole.lacking)
    return f"{does} its pod sets together: {reasons}"


def _shared(share: FlavorDemand) -> str:
    """The total that pod sets request from one pool."""
    sets = joined([str(each) for each in share.sets])
    amounts = joined([f"{shown_amount(name, each)} {name}" for name, each in share.amounts.items()])
    return f"{sets} request {amounts} of pool {share.flavor.pool}"


def _gettable(share: FlavorDemand) -> str:
    return joined([f"{shown_amount(name, share.flavor.obtainable[name])} {name}" for name in share.beyond])


def _way_out(whole: Whole) -> str:
    if not whole.otherwise:
        return "request fewer pods, or give the tenant a larger quota or a higher `borrow`"
    where = (f"{joined([each.name for each in share.sets])} to pool {share.flavor.pool}" for share in whole.otherwise)
    return f"the queue does not try every combination of pools; use nodeSelector to bind {', '.join(where)}"


def _summary(answer: WorkloadAnswer) -> tuple[Code, str]:
    if answer.is_never_admitted:
        most = max((each.quota or 0 for each in answer.pools if each.fit is Fit.FITS), default=0)
        pods = counted(answer.together, "pod")
        text = f"the queue of tenant {answer.tenant} never admits its {pods}: its quota covers only {most}"
        return codes.BEYOND_QUOTA, text
    if answer.fit_alone is Fit.FITS:
        fitting, nodes = answer.nodes
        once = "" if answer.at_once is None else f", {counted(answer.at_once, 'pod')} at once"
        return codes.FITS, f"fits on {fitting} of {nodes} nodes{once}"
    if answer.fit_alone is Fit.UNKNOWN:
        doubts = (each.reasons[0] for each in answer.pools if each.fit is Fit.UNKNOWN and each.reasons)
        return codes.NOT_KNOWN, f"it is unknown whether it fits: {answer.unknown or next(doubts, '')}"
    remark = f"; {answer.remark}" if answer.remark else ""
    return codes.DOES_NOT_FIT, f"fits on no node: {answer.problem or _nearest(answer)}{remark}"


def _nearest(answer: WorkloadAnswer) -> str:
    """The reason of the pool that comes closest: the one with the fewest reasons, with labels and taints ranked
    last.
    """
    reasons = [each.reasons for each in answer.pools if each.reasons] or [("no pool has GPUs",)]
    nearest = min(reasons, key=lambda each: (len(each), _is_about_placement(each)))
    return "; ".join(nearest)


def _is_about_placement(reasons: tuple[str, ...]) -> bool:
    return "labels" in reasons[0] or "taint" in reasons[0]


def _in_words(answer: PoolAnswer) -> str:
    if answer.fit is Fit.FITS:
        once = "" if answer.at_once is None else f", {answer.at_once} on each at once"
        notes = "".join(f"; {each}" for each in answer.reasons)
        return f"{counted(answer.nodes, 'node')}{once}{notes}"
    return "; ".join(answer.reasons)


def table(results: Sequence[WorkloadAnswer], width: int | None = None) -> Iterator[str]:
    """The lines of a table with one row per pool, followed by further reasons.

    If `width` is given, in terminal columns, remarks are wrapped within their column.
    """
    rows = [_HEAD, *(row for sets in by_workload(results) for row in _rows_of(sets))]
    widths = [max(len(row[column]) for row in rows if len(row) > 1) for column in range(len(_HEAD) - 1)]
    lead = sum(widths) + 2 * len(widths)
    for row in rows:
        cells = "  ".join([cell.ljust(size) for cell, size in zip(row, widths, strict=False)] + [""])
        remark = row[-1]
        if width and lead + len(remark) > width:
            if lead + _NARROWEST > width:  # Below the row, because there is no room next to it.
                if cells.strip():
                    yield cells.rstrip()
                cells, room = " " * _INDENT, width - _INDENT
            else:
                room = width - lead
            first, *rest = textwrap.wrap(
                remark, room, subsequent_indent=remark[: len(remark) - len(remark.lstrip())],
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            yield (cells + first).rstrip()
            yield from (" " * len(cells) + each for each in rest)
        else:
            yield (cells + remark).rstrip()


def _rows_of(sets: Sequence[WorkloadAnswer]) -> Iterator[tuple[str, ...]]:
    """The rows for each pod set, and for their combined request."""
    for answer in sets:
        yield from _rows(answer)
    whole, remark = sets[-1].whole, sets[-1].remark
    for share in whole.shares if whole and whole.is_admitted else ():
        yield "  together", share.flavor.pool, "", "", _shared(share)
    if whole and whole.uncounted:
        yield (
            "  together",
            "",
            "",
            "-",
            f"no quota for {whole.uncounted}: Kueue assigns no flavor to the pod sets after it",
        )
    for share in whole.lacking if whole else ():
        yield (
            "  together",
            share.flavor.pool,
            "",
            "-",
            f"{_shared(share)}, but the queue provides at most {_gettable(share)}",
        )
    if remark:
        yield "", "", "", "", remark


def _rows(answer: WorkloadAnswer) -> Iterator[tuple[str, ...]]:
    name = str(answer.subject.id) + (f" {answer.set_name}" if answer.set_name else "")
    if not answer.pools:
        yield name, "-", "-", "-", answer.problem or answer.unknown or "no pool has GPUs"
    for each in answer.pools:
        fitting = each.nodes if each.fit is Fit.FITS else 0
        nodes = "unknown" if each.fit is Fit.UNKNOWN else f"{fitting} of {each.nodes}"
        once = "-" if each.fit is not Fit.FITS else "any" if each.total is None else str(each.total)
        first, *rest = each.reasons or ("",)
        yield name, each.pool, nodes, once, first
        for reason in rest:
            yield "", "", "", "", f"  {reason}"
        name = ""
