"""Bind a blueprint to the catalogue: the Platform, and everything that does not fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from blueprint.catalog import Catalog, Component, Gpu, Release
from blueprint.diagnostics import Diagnostic, Fix, Note, nearest
from blueprint.platform import codes
from blueprint.platform.checks_partition import partition_checks
from blueprint.platform.model import Platform
from blueprint.platform.reads import Origins, track
from blueprint.source import Node
from blueprint.source.paths import Path, format_path
from blueprint.spec import Blueprint, NodePool

POOLS: Path = ("spec", "nodePools")


def resolve(blueprint: Blueprint, root: Node, catalog: Catalog) -> tuple[Platform | None, list[Diagnostic]]:
    """The platform, and what is wrong. None where there is no release to resolve against."""
    checks = Checks(blueprint, root, catalog)
    release = catalog.release(blueprint.spec.release)
    if release is None:
        found = checks.unknown(("spec", "release"), codes.UNKNOWN_RELEASE, "release", catalog.releases)
        return None, [found, *checks.pools(None)]
    found_all = [
        *checks.cluster(release), *checks.pools(release), *checks.overlaps(), *partition_checks(checks, release),
        *checks.components(release),
    ]  # fmt: skip
    origins = Origins(root)
    return Platform(track(blueprint, origins), origins, catalog, release), found_all


class Checks:
    """What a blueprint alone, with the catalogue, can be found wrong about."""

    def __init__(self, blueprint: Blueprint, root: Node, catalog: Catalog) -> None:
        self.spec = blueprint.spec
        self.root = root
        self.catalog = catalog

    def at(self, path: Path, code: codes.Code, message: str, *, help_: str | None = None, fix: str | None = None,
           notes: tuple[Note, ...] = ()) -> Diagnostic:  # fmt: skip
        """A diagnostic at the value of `path`, or at the nearest place above it; with the layers it replaced."""
        node, where = self.root.nearest(path)
        span = node.span if where == path and not isinstance(node.value, dict) else (node.key_span or node.span)
        below = node.replaced if where == path else None
        history = (Note(f"replaces the value of {below.layer.name}", below.span),) if below else ()
        return Diagnostic(
            code, message, at=span, help=help_, path=format_path(path), notes=(*notes, *history),
            fix=Fix(span, fix) if fix else None,
        )  # fmt: skip

    def at_key(self, path: Path, code: codes.Code, message: str, *, help_: str | None = None, fix: str | None = None,
               notes: tuple[Note, ...] = ()) -> Diagnostic:  # fmt: skip
        """A diagnostic at the last key of `path`, or at the nearest place above it."""
        node, where = self.root.nearest(path)
        span = (node.key_span if where == path else None) or node.key_span or node.span
        fix_ = Fix(span, fix) if fix else None
        return Diagnostic(code, message, at=span, help=help_, path=format_path(path), notes=notes, fix=fix_)

    def unknown(self, path: Path, code: codes.Code, what: str, known: Iterable[str]) -> Diagnostic:
        """A name that is not among `known`."""
        node = self.root.get(path)
        value = str(node.value) if node and not isinstance(node.value, dict) else str(path[-1])
        names = sorted(known)
        return self.at(
            path, code, f"there is no {what} {value}", help_=f"known: {', '.join(names)}", fix=nearest(value, names)
        )

    def cluster(self, release: Release) -> Iterator[Diagnostic]:
        """Kubernetes and operating system against the release."""
        minor = ".".join(self.spec.cluster.kubernetes.split(".")[:2])
        if minor not in release.kubernetes.value:
            message = f"release {release.release} is not supported on Kubernetes {minor}"
            help_ = f"supported: {', '.join(release.kubernetes.value)} ({release.kubernetes.source})"
            yield self.at(("spec", "cluster", "kubernetes"), codes.KUBERNETES_UNSUPPORTED, message, help_=help_)
        systems = release.operating_systems
        operator_drives = any(pool.gpu and pool.driver.owner == "operator" for pool in self.spec.node_pools.values())
        if operator_drives and self.spec.cluster.os not in systems.value:
            message = f"release {release.release} has no driver for {self.spec.cluster.os}"
            help_ = f"supported: {', '.join(systems.value)}"
            fix = nearest(self.spec.cluster.os, systems.value)
            yield self.at(("spec", "cluster", "os"), codes.OS_UNSUPPORTED, message, help_=help_, fix=fix)

    def pools(self, release: Release | None) -> Iterator[Diagnostic]:
        """Each pool alone, then the driver that the operator's pools share."""
        for name, pool in self.spec.node_pools.items():
            if pool.gpu is None:
                yield from self._without_gpu(name)
                continue
            product = self.catalog.gpu(pool.gpu.product)
            if product is None:
                path = (*POOLS, name, "gpu", "product")
                yield self.unknown(path, codes.UNKNOWN_PRODUCT, "GPU product", self.catalog.products)
            else:
                yield from self._gpu(name, pool, product)
            if release:
                yield from self._driver(name, pool, product, release)
            at: Path = (*POOLS, name, "driver")
            if pool.driver.owner != "operator" and self.root.get((*at, "kernelModules")):
                message = f"the driver of pool {name} is the {pool.driver.owner}'s, so kernelModules"
                yield self.no_effect((*at, "kernelModules"), (*at, "owner"), message)
        yield from self._one_driver()

    def _without_gpu(self, name: str) -> Iterator[Diagnostic]:
        for key in ("driver", "expect"):
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
            yield self.at((*POOLS, name, "driver", "kernelModules"), codes.KERNEL_MODULES_UNSUPPORTED, message,
                          help_=f"it runs with: {', '.join(modules.value)}; auto chooses", fix="auto",
                          notes=(self.product_note(name),))  # fmt: skip

    def product_note(self, name: str) -> Note:
        """Where the product of a pool was set."""
        node, _ = self.root.nearest((*POOLS, name, "gpu", "product"))
        return Note("product set here", node.span)

    def _driver(self, name: str, pool: NodePool, product: Gpu | None, release: Release) -> Iterator[Diagnostic]:
        path = (*POOLS, name, "driver", "branch")
        branch = pool.driver.branch
        branches = release.driver.branches
        if branch and pool.driver.owner == "operator" and branch not in branches:
            yield self.unknown(
                path, codes.DRIVER_BRANCH_UNKNOWN, f"driver in release {release.release} of branch", branches
            )
            return
        effective = branch or (release.driver.default_branch.value if pool.driver.owner == "operator" else None)
        if effective is None or product is None:
            return
        oldest = product.minimum_driver
        if oldest and oldest.certain and _older(effective, oldest.value):
            message = f"driver branch {effective} does not know {product.product}; it needs {oldest.value} or newer"
            yield self.at(path, codes.DRIVER_TOO_OLD, message, notes=(self.product_note(name),),
                          help_=f"branches of this release: {', '.join(sorted(branches))}")  # fmt: skip
        known = branches.get(effective)
        month = release.release.replace(".", "-")
        if branch and known and known.supported_until < month:
            message = f"driver branch {branch} has not been maintained since {known.supported_until}"
            yield self.at(path, codes.RELEASE_OLD_DRIVER, message)

    def _one_driver(self) -> Iterator[Diagnostic]:
        owned = {n: p for n, p in self.spec.node_pools.items() if p.gpu and p.driver.owner == "operator"}
        yield from self._differ(owned, "branch", lambda pool: pool.driver.branch or "the release's default")
        chosen = {n: p for n, p in owned.items() if p.driver.kernel_modules != "auto"}
        yield from self._differ(chosen, "kernelModules", lambda pool: pool.driver.kernel_modules)

    def _differ(self, pools: dict[str, NodePool], key: str, value: Callable[[NodePool], str]) -> Iterator[Diagnostic]:
        names = list(pools)
        for name in names[1:]:
            if value(pools[name]) != value(pools[names[0]]):
                node, _ = self.root.nearest((*POOLS, names[0], "driver", key))
                said = f"{value(pools[name])} for {name}, {value(pools[names[0]])} for {names[0]}"
                notes = (Note(f"pool {names[0]}", node.key_span or node.span), *self._owner_note(name))
                message = f"two drivers for one operator: {said}"
                help_ = "one for all, or driver: {owner: host} for one of them"
                path = (*POOLS, name, "driver", key)
                yield self.at(path, codes.DRIVERS_DIFFER, message, notes=notes, help_=help_)

    def _owner_note(self, name: str) -> tuple[Note, ...]:
        owner = self.root.get((*POOLS, name, "driver", "owner"))
        return (Note("left to the operator here", owner.span),) if owner else ()

    def overlaps(self) -> Iterator[Diagnostic]:
        """Pools whose selectors choose the same nodes."""
        pools = list(self.spec.node_pools.items())
        for index, (name, pool) in enumerate(pools):
            for other_name, other in pools[:index]:
                small, large = sorted((pool.selector.items(), other.selector.items()), key=len)
                if small <= large:
                    node, _ = self.root.nearest((*POOLS, other_name, "selector"))
                    message = f"pools {other_name} and {name} select the same nodes"
                    yield self.at((*POOLS, name, "selector"), codes.POOLS_OVERLAP, message,
                                  notes=(Note(f"selector of {other_name}", node.key_span or node.span),))  # fmt: skip

    def components(self, release: Release) -> Iterator[Diagnostic]:
        """Names, ownership and settings of components, and what they need."""
        for name in self.spec.components:
            component = self.catalog.component(name)
            if component is None or name not in release.components:
                path = ("spec", "components", name)
                yield self.unknown(path, codes.UNKNOWN_COMPONENT, "component", release.components)
            else:
                yield from self._component(name, component)
        yield from self._needs(release)

    def _component(self, name: str, component: Component) -> Iterator[Diagnostic]:
        spec = self.spec.components[name]
        path: Path = ("spec", "components", name)
        if spec.ownership not in component.ownership:
            message = f"{name} cannot be {spec.ownership}"
            help_ = f"it can be: {', '.join(component.ownership)}"
            yield self.at((*path, "ownership"), codes.OWNERSHIP_UNSUPPORTED, message, help_=help_)
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
            elif problem := known.problem(value):
                shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
                message = f"{name}: setting {setting} {problem}, not {shown}"
                near = nearest(str(value), known.enum) if known.enum else None
                yield self.at(
                    (*path, "settings", setting), codes.SETTING_INVALID, message, help_=known.description, fix=near
                )

    def no_effect(self, path: Path, because: Path, message: str) -> Diagnostic:
        """What is written at `path` changes nothing, because of what is written elsewhere."""
        reason, _ = self.root.nearest(because)
        notes = (Note("because of this", reason.span),)
        return self.at(
            path, codes.NO_EFFECT, f"{message} change nothing", notes=notes, help_="remove what has no effect"
        )

    def unknown_key(self, path: Path, message: str, known: Iterable[str]) -> Diagnostic:
        """A key that is not among `known`, pointed at by its key."""
        node, _ = self.root.nearest(path)
        at = node.key_span or node.span
        near = nearest(str(path[-1]), known)
        help_ = f"settings: {', '.join(sorted(known)) or 'none'}"
        fix = Fix(at, near) if near else None
        return Diagnostic(codes.UNKNOWN_SETTING, message, at=at, path=format_path(path), fix=fix, help=help_)

    def _needs(self, release: Release) -> Iterator[Diagnostic]:
        for name in release.components:
            component = self.catalog.component(name)
            if component is None or self.ownership(name) != "managed":
                continue
            for need in component.needs:
                if self.ownership(need) == "absent":
                    message = f"{name} needs {need}, which is absent"
                    path = ("spec", "components", need, "ownership")
                    yield self.at(path, codes.NEED_ABSENT, message, help_="say external if somebody else installs it")

    def ownership(self, name: str) -> str:
        """Who owns a component."""
        spec = self.spec.components.get(name)
        return spec.ownership if spec else "managed"


def _older(branch: str, oldest: str) -> bool:
    """Whether every driver of `branch` is older than `oldest`, a branch or an exact version."""
    return int(branch) < int(oldest.split(".", maxsplit=1)[0])
