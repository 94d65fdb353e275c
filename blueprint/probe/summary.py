"""The last line of a probe: the result in words."""

from __future__ import annotations

from collections.abc import Sequence

from blueprint.probe import pci_gpus
from blueprint.probe.diagnostics import counts_of
from blueprint.probe.observations import ObservedNode
from blueprint.probe.reading import Origin, Reading
from blueprint.probe.verdicts import Result, Verdict


def summary(verdicts: Sequence[Verdict], reading: Reading, pool: str | None) -> str:
    """A sentence about the hardware found on the node, and the source of the count."""
    counts = counts_of(verdicts)
    parts = [
        f"{counts[result]} {word}"
        for result, word in ((Result.FAIL, "wrong"), (Result.UNKNOWN, "unknown"), (Result.PASS, "as declared"))
        if counts[result]
    ]
    judged = _judged(verdicts, pool)
    line = f"{reading.node}: {inventory(reading)}; {', '.join(parts) or 'no findings'}; {judged}"
    return f"{line} (synthetic reading)" if reading.origin is Origin.SYNTHETIC else line


def _judged(verdicts: Sequence[Verdict], pool: str | None) -> str:
    if not pool:
        return "nothing was judged: no expectations were given"
    expected = any(verdict.expectation and verdict.expectation.sources for verdict in verdicts)
    return (
        f"checked against pool {pool}" if expected else f"nothing was judged: pool {pool} expects nothing of its nodes"
    )


def inventory(reading: Reading) -> str:
    """`8 x NVIDIA H100 80GB HBM3, driver 580.173.02`, as far as known."""
    node = ObservedNode(reading)
    names = list(dict.fromkeys(gpu.name.value or "unnamed GPU" for gpu in node.gpus))
    if not names and reading.pci.readable and not node.count.value:
        return (
            pci_gpus.describe(reading)
            if node.driver.value is None
            else f"{pci_gpus.describe(reading)}, driver {node.driver.value}"
        )
    count = "an unknown number of" if node.count.value is None else str(node.count.value)
    gpus = f"{count} x {names[0]}" if len(names) == 1 else f"{count} GPUs" + (f" ({', '.join(names)})" if names else "")
    return f"{gpus}, driver {node.driver.value or 'unknown'}"
