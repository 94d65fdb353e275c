"""Compares the resources that nodes offer to pods with those that their pool declares after partitioning and
sharing.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.diagnostics import Note
from blueprint.drift import node_codes as codes
from blueprint.drift.model import Finding, FindingKind, FoundIn, Remedy
from blueprint.drift.node_facts import seen_of, subject_of, writer_of
from blueprint.drift.view import Live
from blueprint.kubernetes.kinds import find_kind
from blueprint.patterns import lazy_pattern
from blueprint.records import replace
from blueprint.source.paths import format_path
from blueprint.units import quantity_value

_OF_GPUS = lazy_pattern(r"nvidia\.com/(gpu|mig-[^/]+)(\.shared)?")
_MACHINES = "nvidia.com/gpu.workload.config"


def offers_resources(bundle: Bundle, pool: BundlePool) -> bool:
    """Whether a device plugin offers the pool's GPUs: not if pods claim them, or if virtual machines get them."""
    claimed = any(each.allocates_gpus for each in pool.published) or any(
        find_kind(obj.id.group, obj.id.kind, bundle.release).claims for obj in bundle.objects
    )
    return bool(pool.resources) and not claimed and pool.selector.get(_MACHINES, "container") == "container"


def examine_capacity(node: Live, pool: BundlePool, us: str, *, passing: bool) -> Iterator[Finding]:
    """All resources of which a node offers another number than declared. `passing`: the node reports work in
    progress.
    """
    reported = node["status"]["allocatable"]
    offered = {key: number for key, number in reported.items() if key in pool.resources or _OF_GPUS.fullmatch(key)}
    for name in sorted({*pool.resources, *offered}):
        want, offer = pool.resources.get(name, 0), str(offered.get(name, 0))
        if str(want) != offer and (have := int(quantity_value(offer))) != want:
            path = ("status", "allocatable", name)
            found = Finding(
                FindingKind.MODIFIED,
                subject_of(node),
                format_path(path),
                declared=want,
                live=have,
                writer=writer_of(node, path, us),
                origin=pool.origin("resources", "gpu", "selector"),
                found_in=FoundIn.NODE,
                seen=seen_of(node, pool),
                remarks=(Note(f"pool {pool.name} declares {_capacity_text(pool)} per node"),),
                code=codes.NODE_RESOURCES,
                statement=f"offers {have} {name}, but the blueprint declares {want}",
                help="check its device plugin pod, and the health of its GPUs with `blueprint probe` on the node",
                ended_by=Remedy.REPAIR,
            )
            yield replace(found, code=codes.NODE_IN_TRANSITION, ended_by=Remedy.WAIT) if passing else found


def _capacity_text(pool: BundlePool) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(pool.resources.items()))
