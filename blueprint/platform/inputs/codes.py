"""Codes of machines, places of nodes, and what goes together (BP3150 to BP3189)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

UNKNOWN_INSTANCE_TYPE = define(
    "BP3150",
    "unknown-instance-type",
    """
The catalogue has no instance type of this name, so nothing can follow from it. It holds the GPU machines of AWS,
Azure, CoreWeave, Google Cloud, IBM Cloud and Oracle, as the node label `node.kubernetes.io/instance-type` spells them. Of
another machine say `gpu: {product, count}` and, where it matters, `arch`, `cpu` and `memory`; of one without GPUs say
`cpu` and `memory`. Then this is a warning, since nothing has to follow, but the name may still be misspelt.
""",
)
MACHINE_DISAGREES = define(
    "BP3151",
    "machine-disagrees",
    """
The blueprint says one thing of its nodes and the instance type another: another GPU, another number of them, another
processor architecture, other processors, more memory. One of the two lines is wrong. Where the catalogue is not sure
of its own value this is a warning, since then the catalogue may be the one that is wrong.
""",
)
MACHINE_ELSEWHERE = define(
    "BP3152",
    "machine-of-another-cloud",
    """
The instance type belongs to one cloud and the distribution runs in another one, so no node can be both.
""",
)
MACHINE_GPU_UNKNOWN = define(
    "BP3153",
    "gpu-not-decided",
    """
The GPU is to follow from the machine, but nothing determines it: there is no `machine.instanceType`, or the
instance type has a fraction of a GPU, or the catalogue does not know how many it has. Say `gpu: {product, count}`.
""",
)
MACHINE_UNVERIFIED = define(
    "BP3154",
    "machine-not-verified",
    """
What the catalogue says of this instance type is general knowledge that is not verified, and the platform was
derived from it. It is probably right. Say `gpu`, or the value in question, to be sure.
""",
    severity=Severity.WARNING,
)
ARCH_UNSUPPORTED = define(
    "BP3155",
    "arch-unsupported",
    """
The GPU does not come with this kind of processor: GH200, GB200 and GB300 are combined with a Grace CPU, which is `arm64`.
""",
)
MACHINE_FRACTION = define(
    "BP3156",
    "machine-has-a-fraction",
    """
Nodes of this instance type have a fraction of a GPU: a vGPU, which needs NVIDIA's vGPU driver with a licence and
shows less memory than the product has. A whole GPU is declared; the probe would find something else.
""",
    severity=Severity.WARNING,
)
