"""The NVLink domain across nodes: declared, and not readable by this probe yet."""

from __future__ import annotations

from blueprint.probe import wants
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("nvlink-domain", wants.domain, if_expected=True)
def nvlink_domain(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The node is joined with others by NVLink. Always *unknown*: a reading has nothing of the fabric.

    `want`: `{"nodes": 18, "label": "nvidia.com/gpu.clique"}`. `drift` looks at the label that names the domain;
    whether the links work, `nvidia-smi -q` says under Fabric on the node.
    """
    nodes, label = wants.domain(expectation.want)
    why = "this probe does not read the NVLink fabric; see Fabric in `nvidia-smi -q` on the node"
    bench = Bench(reading, expectation, f"a domain of {nodes} nodes, named by {label}")
    return [bench.unknown(Fact(Status.UNREADABLE, None, why, ()))]
