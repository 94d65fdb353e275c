"""Scope `derived`: compares the ResourceSlices that DRA drivers publish with those that the bundle predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.diagnostics import Diagnostic
from blueprint.drift import slice_codes as codes
from blueprint.drift.live_slices import by_node, devices_of, newest
from blueprint.drift.model import Finding, ScopeResult
from blueprint.drift.node_facts import is_real
from blueprint.drift.nodes import named, pools_of
from blueprint.drift.slice_findings import ComparedNode, PoolComparison, missing_slices, unexpected
from blueprint.drift.view import Live, Unseen, View
from blueprint.inventory.membership import manager
from blueprint.platform.dra.published import Publication
from blueprint.report.model import Coverage

SCOPE = "ResourceSlices of pool nodes"
SIMULATED = "devices that DRA drivers publish"
_NEWEST = "resource.k8s.io/v1"
_PCI = "resource.kubernetes.io/pciBusID"
_GPU_SORTS = frozenset({"gpu", "mig", "vfio"})
Members = Mapping[str, tuple[Live, BundlePool | None]]
"""All nodes by name, with their pool if they belong to exactly one."""


def examine_slices(bundle: Bundle, view: View) -> ScopeResult:
    """Whether the nodes of every pool publish what was predicted, and no other nodes publish anything."""
    if not bundle.pools:
        return ScopeResult(())
    served = next((each.api_version for pool in bundle.pools for each in pool.published), _NEWEST)
    try:
        slices = view.resource_slices(served)
        nodes = view.nodes()
    except Unseen as unseen:
        return _unseen(bundle, str(unseen))
    return _Examination(bundle, view, slices, nodes).result()


def _unseen(bundle: Bundle, why: str) -> ScopeResult:
    """The result if nothing could be examined: at least as many unknown nodes as the minimum of pools with predicted
    slices.
    """
    expected = sum(pool.nodes_min for pool in bundle.pools if pool.published)
    text = f"ResourceSlices could not be examined: {why}"
    return ScopeResult(
        (Coverage(SCOPE, 0, max(expected, 1), why),), diagnostics=(Diagnostic(codes.SLICES_UNSEEN, text),)
    )


class _Examination:
    """One comparison of all slices."""

    def __init__(self, bundle: Bundle, view: View, slices: Sequence[Live], nodes: Sequence[Live]) -> None:
        self._bundle = bundle
        self._view = view
        self._us = manager(bundle.name)
        self._slices = by_node(slices)
        self._members: Members = {node["metadata"]["name"]: (node, self._pool(node)) for node in nodes}
        self._silent: dict[tuple[str, str], list[tuple[Live, BundlePool]]] = {}

    def _pool(self, node: Live) -> BundlePool | None:
        found = pools_of(node, self._bundle.pools)
        return found[0] if len(found) == 1 else None

    def result(self) -> ScopeResult:
        """The result of the comparison."""
        comparisons = {
            pool.name: [PoolComparison(each) for each in pool.published]
            for pool in self._bundle.pools
            if pool.published
        }
        findings = []
        examined = 0
        simulated = False
        for name, (node, pool) in self._members.items():
            if pool is None or pool.name not in comparisons:
                continue
            found = list(self._node(name, node, pool, comparisons[pool.name]))
            findings += found
            examined += 1
            simulated = simulated or not is_real(node)
        absent, waiting, reason = self._judged_silence()
        findings += [*absent, *self._foreign()]
        coverage = Coverage(SCOPE, examined - len(waiting), len(waiting), reason)
        diagnostics = tuple(_waiting(waiting, reason))
        failed = any(finding.is_drift for finding in findings)
        kinds = (SIMULATED,) if simulated else ()
        return ScopeResult((coverage,), tuple(findings), diagnostics, failed=failed, simulated=kinds)

    def _node(
        self, name: str, node: Live, pool: BundlePool, comparisons: Sequence[PoolComparison]
    ) -> Iterator[Finding]:
        place = ComparedNode(name, pool, self._us, simulated=not is_real(node))
        for comparison in comparisons:
            publication = comparison.publication
            if slices := self._slices.get((publication.driver, name)):
                yield from comparison.compare(place, newest(slices))
            elif is_real(node) and publication.count:
                self._silent.setdefault((publication.driver, pool.name), []).append((node, pool))

    def _judged_silence(self) -> tuple[list[Finding], list[Live], str]:
        """Nodes without slices: missing if the driver's pods are ready, otherwise unknown, and why."""
        absent: list[Finding] = []
        waiting: list[Live] = []
        reasons = []
        for (driver, pool), silent in self._silent.items():
            publication = next(each for each in silent[0][1].published if each.driver == driver)
            not_ready = [node for node, _ in silent if not _is_ready(node)]
            ready = [(node, of) for node, of in silent if _is_ready(node)]
            if why := self._why_not_yet(publication):
                waiting += [node for node, _ in silent]
                reasons.append(f"pool {pool}: {why}")
                continue
            waiting += not_ready
            reasons += [f"pool {pool}: nodes are not ready"] if not_ready else []
            for node, of in ready:
                absent.append(missing_slices(ComparedNode(node["metadata"]["name"], of, self._us), node, publication))
        return absent, waiting, "; ".join(reasons)

    def _why_not_yet(self, publication: Publication) -> str:
        """Why the driver may not have published yet; empty if its pods are ready, or it has no DaemonSet."""
        try:
            daemon_sets = self._view.daemon_sets()
        except Unseen as unseen:
            return f"whether the pods of {publication.driver} are ready is unknown: {unseen}"
        for each in daemon_sets:
            if publication.image not in _images(each):
                continue
            status = each.get("status") or {}
            ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
            if ready < wanted or not wanted:
                name = f"DaemonSet/{each['metadata']['namespace']}/{each['metadata']['name']}"
                return f"{name} has {ready} of {wanted} pods ready"
        return ""

    def _foreign(self) -> Iterator[Finding]:
        """Slices of nodes that should have none, and GPUs published by a driver other than the predicted one."""
        drivers = {each.driver for pool in self._bundle.pools for each in pool.published}
        for (driver, node), slices in sorted(self._slices.items()):
            live, pool = self._members.get(node, (None, None))
            own = {each.driver for each in pool.published} if pool else set()
            if not node or driver in own:
                continue
            if own and self._same_gpus(slices, node, own):
                help_ = "remove one of the drivers"
                statement = f"publishes GPUs of node {node} that {', '.join(sorted(own))} also publishes"
                yield unexpected(slices[0], codes.GPUS_OF_ANOTHER_DRIVER, statement, help_, self._us, pool)
            elif (driver in drivers or _publishes_gpus(slices)) and (why := _why_unexpected(live, pool, node)):
                help_ = "remove the driver and its slice, or set `allocation: dra` in the node's pool"
                statement = f"publishes devices of {driver}: {why}"
                yield unexpected(slices[0], codes.SLICES_UNEXPECTED, statement, help_, self._us, pool)

    def _same_gpus(self, slices: Sequence[Live], node: str, own: set[str]) -> bool:
        """Whether these are GPUs: by their type, or by the PCI addresses of predicted ones."""
        if _publishes_gpus(slices):
            return True
        ours = (each for driver in own for each in self._slices.get((driver, node), ()))
        addresses = {device.text(_PCI) for each in ours for device in devices_of(each)} - {""}
        return any(device.text(_PCI) in addresses for each in slices for device in devices_of(each))


def _why_unexpected(live: Live | None, pool: BundlePool | None, node: str) -> str:
    """Why a node should not publish anything; empty if it may."""
    if live is None:
        return f"node {node} is not in the cluster"
    if pool is None:
        return f"node {node} belongs to no pool"
    return "" if pool.published or not pool.gpu_count else f"no DRA driver publishes the GPUs of pool {pool.name}"


def _publishes_gpus(slices: Sequence[Live]) -> bool:
    return any(device.text("type") in _GPU_SORTS for each in slices for device in devices_of(each))


def _is_ready(node: Live) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _images(daemon_set: Live) -> set[str]:
    """The image names of a DaemonSet's containers, without registry and tag."""
    spec: Mapping[str, Any] = daemon_set.get("spec") or {}
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    return {str(each.get("image", "")).rpartition("/")[2].partition("@")[0].partition(":")[0] for each in containers}


def _waiting(nodes: Sequence[Live], reason: str) -> Iterator[Diagnostic]:
    if nodes:
        text = f"it is unknown what DRA drivers publish for {named(nodes)}: {reason}"
        yield Diagnostic(codes.SLICES_UNSEEN, text, help="check the driver's pods")
