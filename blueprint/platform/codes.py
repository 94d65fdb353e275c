"""Diagnostic codes for resolving a blueprint against the catalogue (BP3xxx)."""

from blueprint.diagnostics import define

UNKNOWN_RELEASE = define(
    "BP3001",
    "unknown-release",
    """
`spec.release` names a release that this version of the tool does not contain. A release is a tested set of component
versions. It is part of the tool, so a blueprint has the same meaning everywhere.
""",
)
UNKNOWN_PRODUCT = define(
    "BP3101",
    "unknown-product",
    """
The hardware catalogue has no GPU product of this name. Names include form factor and memory where a product has several
variants: `H100-SXM5-80GB`, `H100-PCIe-80GB`, `L40S`. A product that the tool does not know yet is described in a file
of your own, which `spec.hardware` names.
""",
)
GPU_MISSING = define(
    "BP3106",
    "gpu-missing",
    """
The pool has no `gpu`, but has settings that apply only to GPUs: a driver, or facts that a probe must find on GPUs.
Add `gpu`, or remove them.
""",
)
ECC_UNSUPPORTED = define(
    "BP3107",
    "ecc-unsupported",
    """
The pool expects ECC to be on, but this GPU has none. The probe would never confirm it.
""",
)
MORE_THAN_A_BOARD = define(
    "BP3182",
    "more-gpus-than-a-board",
    """
All boards with this GPU have the same number of GPUs, and a node has one board: 8 B200, 4 GB200 (a compute tray), 1 GB10
(DGX Spark). `gpu.count` is the number per node, not that of the pool or of a rack: set `nodes` accordingly.
""",
)
NO_EFFECT = define(
    "BP3206",
    "no-effect",
    """
This has no effect: settings and patches of a component that is not `managed`, because it is not rendered, or kernel modules of a driver that the operator does not build. Remove it, or let the blueprint manage the component or the driver.
""",
)
