"""Bind a blueprint to the catalogue: the Platform, and everything that does not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.catalog.settings import Setting
from blueprint.diagnostics import Diagnostic, Fix, Note, nearest
from blueprint.platform import codes
from blueprint.platform.check_context import POOLS, Teller
from blueprint.platform.cluster import codes as cluster_codes
from blueprint.platform.compatibility.checks import check as check_compatibility
from blueprint.platform.components import codes as component_codes
from blueprint.platform.components.release_checks import release_checks
from blueprint.platform.components.selection import asked_for
from blueprint.platform.components.stack_checks import stack_checks
from blueprint.platform.drivers import codes as driver_codes
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.platform.inputs.instance_types import MachineChecks, complete
from blueprint.platform.inputs.product_names import meant
from blueprint.platform.model import Platform
from blueprint.platform.network.checks import NetworkChecks
from blueprint.platform.nodes import codes as node_codes
from blueprint.platform.nodes.checks import plausible_checks
from blueprint.platform.nodes.overlap import overlapping
from blueprint.platform.observability.unused_checks import check_unwatched
from blueprint.platform.olm.checks import OlmChecks
from blueprint.platform.partitioning.checks import partition_checks
from blueprint.platform.topology.checks import PlaceChecks
from blueprint.platform.tracking.tracked import Origins, track
from blueprint.platform.virtualization.checks import sandbox_checks
from blueprint.source.merge import Node
from blueprint.source.paths import Path, format_path
from blueprint.spec.model import Blueprint
from blueprint.spec.pools import NodePool
from blueprint.versions import minor_of


def resolve(blueprint: Blueprint, root: Node, catalog: Catalog) -> tuple[Platform | None, list[Diagnostic]]:
    """The platform, and what is wrong. None where there is no release to resolve against."""
    completed = complete(blueprint, root, catalog)
    whole = completed.blueprint
    checks = Checks(whole, root, catalog)
    release = catalog.release(blueprint.spec.release)
    if release is None:
        found = checks.unknown(("spec", "release"), codes.UNKNOWN_RELEASE, "release", catalog.releases)
        return None, [found, *checks.pools(None)]
    found_all = [
        *checks.cluster(release), *checks.pools(release), *checks.overlaps(), *partition_checks(checks),
        *checks.components(release), *_watching(checks),
    ]  # fmt: skip
    found_all += [*MachineChecks(blueprint, root, catalog).found(), *PlaceChecks(whole, root, catalog).found()]
    found_all += NetworkChecks(checks, blueprint, release).found()
    found_all += OlmChecks(checks, release).found()
    found_all += [*plausible_checks(checks, release), *sandbox_checks(checks)]
    origins = Origins(root, completed.known)
    platform = Platform(track(whole, origins), origins, catalog, release)
    return platform, [*found_all, *check_compatibility(platform, catalog)]


def _watching(checks: Checks) -> Iterator[Diagnostic]:
    if checks.spec.observability is None:
        return check_unwatched(checks)
    from blueprint.platform.observability.checks import check_observability

    return check_observability(checks)


class Checks(Teller):
    """What a blueprint alone, with the catalogue, can be found wrong about."""

    def cluster(self, release: Release) -> Iterator[Diagnostic]:
        """Kubernetes against the release."""
        minor = minor_of(self.spec.cluster.kubernetes)
        if minor not in release.kubernetes.value:
            message = f"release {release.release} is not supported on Kubernetes {minor}"
            help_ = f"supported: {', '.join(release.kubernetes.value)} ({release.kubernetes.source})"
            yield self.at(("spec", "cluster", "kubernetes"), cluster_codes.KUBERNETES_UNSUPPORTED, message, help_=help_)

    def pools(self, release: Release | None) -> Iterator[Diagnostic]:
        """Each pool alone, then all together."""
        drivers = DriverChecks(self, release)
        yield from drivers.system()
        for name, pool in self.spec.node_pools.items():
            if pool.gpu is None:
                yield from self._without_gpu(name)
                continue
            product = self.catalog.gpu(pool.gpu.product)
            if product is None:
                yield self._no_such_product((*POOLS, name, "gpu", "product"), pool.gpu.product)
            else:
                yield from self._gpu(name, pool, product)
            yield from drivers.pool(name, pool, product)
        yield from drivers.together()

    def _no_such_product(self, path: Path, said: str) -> Diagnostic:
        told = self.unknown(path, codes.UNKNOWN_PRODUCT, "GPU product", self.catalog.products)
        near = meant(said, self.catalog)
        if not near or told.at is None:
            return told
        return replace(told, help=f"like it: {', '.join(near)}" if near[1:] else None, fix=Fix(told.at, near[0]))

    def _without_gpu(self, name: str) -> Iterator[Diagnostic]:
        for key in ("driver", "owner", "expect", "costPerGpuHour"):
            if self.root.get((*POOLS, name, key)):
                message = f"pool {name} has no gpu, so {key} means nothing"
                yield self.at((*POOLS, name, key), codes.GPU_MISSING, message, help_=f"add gpu, or remove {key}")

    def _gpu(self, name: str, pool: NodePool, product: Gpu) -> Iterator[Diagnostic]:
        supported = product.ecc.supported
        if pool.expect.ecc and supported.certain and not supported.value:
            path, help_ = (*POOLS, name, "expect", "ecc"), "remove it, or say false"
            message, notes = f"{product.product} has no ECC memory", (self.product_note(name),)
            yield self.at(path, codes.ECC_UNSUPPORTED, message, help_=help_, notes=notes)
        modules, driven = product.kernel_modules, pool.driver.kernel_modules
        if driven != "auto" and modules.certain and driven not in modules.value:
            message = f"{product.product} does not run with {driven} kernel modules"
            yield self.at((*POOLS, name, "driver", "kernelModules"), driver_codes.KERNEL_MODULES_UNSUPPORTED, message,
                          help_=f"it runs with: {', '.join(modules.value)}; auto chooses", fix="auto",
                          notes=(self.product_note(name),))  # fmt: skip

    def product_note(self, name: str) -> Note:
        """Where the product of a pool was set."""
        node, _ = self.root.nearest((*POOLS, name, "gpu", "product"))
        return Note("product set here", node.span)

    def overlaps(self) -> Iterator[Diagnostic]:
        """Pools whose selectors choose the same nodes."""
        selectors = {name: pool.selector for name, pool in self.spec.node_pools.items()}
        for other, name in overlapping(selectors):
            node, _ = self.root.nearest((*POOLS, other, "selector"))
            message = f"pools {other} and {name} select the same nodes"
            yield self.at((*POOLS, name, "selector"), node_codes.POOLS_OVERLAP, message,
                          notes=(Note(f"selector of {other}", node.key_span or node.span),))  # fmt: skip

    def components(self, release: Release) -> Iterator[Diagnostic]:
        """Names, ownership and settings of components, and what they need."""
        for name in self.spec.components:
            component = self.catalog.component(name, release.components.get(name))
            if component is None or name not in release.components:
                path = ("spec", "components", name)
                yield self.unknown(path, component_codes.UNKNOWN_COMPONENT, "component", release.components)
            else:
                yield from self._component(name, component)
        yield from self._needs(release)
        yield from release_checks(self, release)
        yield from stack_checks(self, release)

    def _component(self, name: str, component: Component) -> Iterator[Diagnostic]:
        spec = self.spec.components[name]
        path: Path = ("spec", "components", name)
        if spec.ownership not in component.ownership:
            message = f"{name} cannot be {spec.ownership}"
            help_ = f"it can be: {', '.join(component.ownership)}"
            yield self.at((*path, "ownership"), component_codes.OWNERSHIP_UNSUPPORTED, message, help_=help_)
        if spec.ownership != "managed":
            for key in ("settings", "patches"):
                if getattr(spec, key):
                    yield self.no_effect(
                        (*path, key), (*path, "ownership"), f"{name} is {spec.ownership}, so its {key}"
                    )
        for setting, value in spec.settings.items():
            known = component.settings.get(setting)
            if known is None:
                yield self.unknown_key(
                    (*path, "settings", setting), f"{name} has no setting {setting}", component.settings
                )
            else:
                yield from self._faults(name, setting, known, value)

    def _faults(self, name: str, setting: str, known: Setting, value: Any) -> Iterator[Diagnostic]:
        """What is wrong with the value of a setting, each at its own line."""
        for keys, fault in known.faults(value):
            at: Path = ("spec", "components", name, "settings", setting, *keys)
            node, _ = self.root.nearest(at)
            shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
            message = f"{name}: setting {setting} {fault}" + ("" if keys else f", not {shown}")
            near = nearest(str(value), known.enum) if known.enum and not keys else None
            span = (node.key_span if keys else None) or node.span
            fix = Fix(span, near) if near else None
            yield Diagnostic(
                component_codes.SETTING_INVALID, message, at=span, path=format_path(at), help=known.description, fix=fix
            )

    def unknown_key(self, path: Path, message: str, known: Iterable[str]) -> Diagnostic:
        """A key that is not among `known`, pointed at by its key."""
        node, _ = self.root.nearest(path)
        at = node.key_span or node.span
        near = nearest(str(path[-1]), known)
        help_ = f"settings: {', '.join(sorted(known)) or 'none'}"
        fix = Fix(at, near) if near else None
        return Diagnostic(component_codes.UNKNOWN_SETTING, message, at=at, path=format_path(path), fix=fix, help=help_)

    def _renders(self, component: Component) -> bool:
        """Whether the component belongs to the stack, is asked for, and is ours."""
        ours = self.spec.gpu_stack in component.stacks and self.ownership(component.name) == "managed"
        return ours and asked_for(component, self.spec)

    def _needs(self, release: Release) -> Iterator[Diagnostic]:
        for name in release.components:
            component = self.catalog.component(name, release.components[name])
            if component is None or not self._renders(component):
                continue
            for need in component.needs:
                if self.ownership(need) == "absent":
                    message = f"{name} needs {need}, which is absent"
                    path = ("spec", "components", need, "ownership")
                    yield self.at(
                        path, component_codes.NEED_ABSENT, message, help_="say external if somebody else installs it"
                    )

    def ownership(self, name: str) -> str:
        """Who owns a component."""
        spec = self.spec.components.get(name)
        return spec.ownership if spec else "managed"
