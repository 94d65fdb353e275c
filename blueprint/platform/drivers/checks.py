"""What can be wrong about drivers and about who brings them."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import Mode
from blueprint.catalog.hardware import Gpu
from blueprint.diagnostics import Diagnostic, Note, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster import codes as cluster_codes
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.branches import default_branch
from blueprint.platform.drivers.model import NEVER, assumed
from blueprint.platform.nodes import codes as node_codes
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool

RESERVED = ("nvidia.com/gpu-operator.", "nvidia.com/gpu.deploy.", "gpublueprint.dev/")
"""Beginnings of labels that the GPU Operator or this tool sets on nodes by itself."""
_SAID: tuple[Path, ...] = (("driver", "owner"), ("owner", "toolkit"), ("owner", "devicePlugin"))
"""Where a pool says who brings what."""


def check_drivers(context: CheckContext) -> Iterator[Diagnostic]:
    """Drivers, toolkits and device plugins against the distribution, and against each other."""
    return DriverChecks(context).found()


def check_drivers_in_release(context: CheckContext) -> Iterator[Diagnostic]:
    """Branches and versions of drivers against those of the release."""
    return DriverChecks(context).found_in_release()


class DriverChecks:
    """Drivers, toolkits and device plugins: each pool against the distribution and the release, then all of them."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.release = context.release
        self.ground = self.context.catalog.distribution(self.context.spec.cluster.distribution)
        self.os = self.context.spec.cluster.os or self.ground.default_os

    def mode(self, pool: NodePool) -> Mode:
        """The mode of a pool, or what stands in for it."""
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        return self.ground.mode(self.os, self.context.spec.gpu_stack, *said) or assumed(*said)

    def owned(self) -> dict[str, NodePool]:
        """The pools whose driver the operator installs."""
        return {
            name: pool
            for name, pool in self.context.spec.node_pools.items()
            if pool.gpu and self._has_mode(pool) and self.mode(pool).driver == "operator"
        }

    def _has_mode(self, pool: NodePool) -> bool:
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        return self.ground.mode(self.os, self.context.spec.gpu_stack, *said) is not None

    def found(self) -> Iterator[Diagnostic]:
        """What is wrong whatever the release."""
        yield from self._system()
        for name, pool in self.context.spec.node_pools.items():
            if pool.gpu is not None:
                yield from self._kernel_modules(name, pool, self.context.catalog.gpu(pool.gpu.product))
                yield from self._mode(name, pool)
                yield from self._idle(name, pool)
        yield from self._together()

    def found_in_release(self) -> Iterator[Diagnostic]:
        """What is wrong with what the release has."""
        yield from self._system_in_release()
        for name, pool in self.context.spec.node_pools.items():
            if pool.gpu is not None:
                product = self.context.catalog.gpu(pool.gpu.product)
                yield from self._branch(name, pool, product)
                if self.mode(pool).driver == "operator" and pool.driver.precompiled:
                    yield from self._precompiled(name, pool, product)

    def _system(self) -> Iterator[Diagnostic]:
        """The nodes' operating system against the distribution."""
        path: Path = ("spec", "cluster", "os")
        if self.ground.image(self.os) is None:
            message = f"{self.ground.title} does not run GPU nodes with {self.os}"
            help_ = f"families of images: {', '.join(self.ground.images)}; usual: {self.ground.default_os}"
            note = self.context.note(("spec", "cluster", "distribution"), "distribution set here")
            yield self.context.diagnostic_at(path, cluster_codes.SYSTEM_NOT_RUN, message, help_=help_, notes=(note,))

    def _system_in_release(self) -> Iterator[Diagnostic]:
        """The same against the release, where the operator installs the driver."""
        path: Path = ("spec", "cluster", "os")
        known = self.ground.image(self.os) is not None
        if known and self.owned() and self.os not in self.release.operating_systems.value:
            systems = self.release.operating_systems.value
            message = f"release {self.release.release} has no driver for {self.os}"
            help_ = f"supported: {', '.join(systems)}"
            yield self.context.diagnostic_at(
                path, cluster_codes.OS_UNSUPPORTED, message, help_=help_, fix=nearest(self.os, systems)
            )

    def _idle(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        """What a pool says of a driver that is not the operator's."""
        mode, at = self.mode(pool), (*POOLS, name, "driver")
        for key in ("kernelModules", "precompiled") if mode.driver != "operator" else ():
            if self.context.root.get((*at, key)):
                message = f"the driver of pool {name} is the {mode.driver}'s, so {key}"
                yield self.context.no_effect((*at, key), (*at, "owner"), message)

    def _kernel_modules(self, name: str, pool: NodePool, product: Gpu | None) -> Iterator[Diagnostic]:
        modules, wanted = product.kernel_modules if product else None, pool.driver.kernel_modules
        if product and modules and wanted != "auto" and modules.certain and wanted not in modules.value:
            message = f"{product.product} does not run with {wanted} kernel modules"
            help_ = f"it runs with: {', '.join(modules.value)}; auto chooses"
            path, notes = (*POOLS, name, "driver", "kernelModules"), (self.context.product_note(name),)
            code = codes.KERNEL_MODULES_UNSUPPORTED
            yield self.context.diagnostic_at(path, code, message, help_=help_, fix="auto", notes=notes)

    def _mode(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        modes, stack = self.ground.modes(self.os), self.context.spec.gpu_stack
        if not modes or stack in self.ground.refuses or any(mode.fits(stack, *said) for mode in modes):
            return
        path = self._said_last(name, said)
        lawful = [mode for mode in modes if stack in mode.stacks]
        if stack == "gpuCluster" and (not lawful or said[1] == "operator" or said[2] in ("host", "provider")):
            return  # told by checks_dra
        alone = stack == "standalone" and "operator" in said[:2]
        if alone:
            message = f"gpuStack: standalone has no operator that could install what pool {name} leaves to it"
            note = self.context.note(("spec", "gpuStack"), "without the operator because of this")
            yield self.context.diagnostic_at(
                path, codes.NO_OPERATOR, message, help_="say host or provider", notes=(note,)
            )
            return
        words = ("driver", "toolkit", "device plugin")
        given = ", ".join(f"{word}: {value}" for word, value in zip(words, said, strict=True) if value)
        message = f"{self.ground.title} with {self.os} has no way to give pool {name} {given}"
        help_ = "ways: " + "; ".join(map(str, lawful)) if lawful else f"gpuStack: {stack} is not possible there"
        others = [
            other for other in _SAID if (*POOLS, name, *other) != path and self.context.root.get((*POOLS, name, *other))
        ]
        notes = (
            *(self.context.note((*POOLS, name, *other), "said here too") for other in others),
            self.context.note(("spec", "cluster", "distribution"), "distribution set here"),
            self.context.note(("spec", "cluster", "os"), "operating system set here"),
        )
        yield self.context.diagnostic_at(path, codes.MODE_UNSUPPORTED, message, help_=help_, notes=notes)

    def _said_last(self, name: str, said: tuple[str | None, ...]) -> Path:
        """The value that made the difference: the last one without which some mode would fit."""
        for index in (2, 1, 0):
            fewer = tuple(None if at == index else value for at, value in enumerate(said))
            if said[index] and self.ground.mode(self.os, self.context.spec.gpu_stack, *fewer):
                return (*POOLS, name, *_SAID[index])
        return (*POOLS, name, *next((path for path, value in zip(_SAID, said, strict=True) if value), ("driver",)))

    def _branch(self, name: str, pool: NodePool, product: Gpu | None) -> Iterator[Diagnostic]:
        path = (*POOLS, name, "driver", "branch")
        said, operated = pool.driver, self.mode(pool).driver == "operator"
        branches = self.release.driver.branches
        if said.branch and operated and not said.version and said.branch not in branches:
            yield self.context.unknown_name(
                path, codes.DRIVER_BRANCH_UNKNOWN, f"driver in release {self.release.release} of branch", branches
            )
            return
        yield from self._version(name, pool)
        branch = said.branch or (said.version or "").partition(".")[0]
        effective = branch or (default_branch(product, self.release) if operated else None)
        if effective is None:
            return
        where = path if said.branch else (*POOLS, name, "driver", "version")
        oldest = product.minimum_driver if product else None
        if product and oldest and oldest.certain and int(effective) < int(oldest.value.partition(".")[0]):
            message = f"driver branch {effective} does not know {product.product}; it needs {oldest.value} or newer"
            yield self.context.diagnostic_at(
                where if branch else path,
                codes.DRIVER_TOO_OLD,
                message,
                help_=f"branches of this release: {', '.join(sorted(branches))}",
                notes=(self.context.note((*POOLS, name, "gpu", "product"), "product set here"),),
            )
        known = branches.get(effective)
        if branch and known and known.supported_until < self.release.release.replace(".", "-"):
            message = f"driver branch {branch} has not been maintained since {known.supported_until}"
            yield self.context.diagnostic_at(where, codes.RELEASE_OLD_DRIVER, message)

    def _version(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        said = pool.driver
        path = (*POOLS, name, "driver", "version")
        if said.version is None:
            return
        if said.branch and said.version.partition(".")[0] != said.branch:
            message = f"driver {said.version} is not of branch {said.branch}"
            note = self.context.note((*POOLS, name, "driver", "branch"), "branch set here")
            yield self.context.diagnostic_at(
                path, codes.DRIVER_OTHER_BRANCH, message, help_="remove one of them", notes=(note,)
            )
        elif self.mode(pool).driver == "operator" and not said.precompiled:
            tested = {branch.version for branch in self.release.driver.branches.values()}
            if said.version not in tested:
                message = f"driver {said.version} is not one that release {self.release.release} was put together with"
                yield self.context.diagnostic_at(
                    path, codes.DRIVER_UNTESTED, message, help_=f"its drivers: {', '.join(sorted(tested))}"
                )

    def _precompiled(self, name: str, pool: NodePool, product: Gpu | None) -> Iterator[Diagnostic]:
        path = (*POOLS, name, "driver", "precompiled")
        built = self.release.driver.precompiled.value
        branch = pool.driver.branch or default_branch(product, self.release)
        if pool.driver.version:
            message = f"a precompiled driver has no exact version: {name} takes what fits its kernel"
            yield self.context.diagnostic_at(
                (*POOLS, name, "driver", "version"),
                codes.PRECOMPILED_UNSUPPORTED,
                message,
                help_="say branch instead",
                notes=(self.context.note(path, "because of this"),),
            )
        elif branch not in built.get(self.os, ()):
            message = f"NVIDIA publishes no precompiled driver of branch {branch} for {self.os}"
            known = "; ".join(f"{system}: {', '.join(branches)}" for system, branches in built.items())
            notes = (
                self.context.note(("spec", "cluster", "os"), "operating system set here"),
                self.context.note((*POOLS, name, "driver", "branch"), "branch set here"),
            )
            yield self.context.diagnostic_at(
                path, codes.PRECOMPILED_UNSUPPORTED, message, help_=f"there are: {known}", notes=notes
            )

    def _together(self) -> Iterator[Diagnostic]:
        """All pools: one runtime class, and one driver where nothing else is wanted."""
        yield from self._runtime_classes()
        operator = self.context.spec.components.get("gpu-operator")
        when = operator.settings.get("driverObjects") if operator else None
        if when == NEVER:
            yield from self._one_driver()
        for name, pool in self.context.spec.node_pools.items():
            for key in pool.selector:
                if key.startswith(RESERVED):
                    message = f"pool {name} is selected by {key}, which is set on nodes by what we install"
                    yield self.context.diagnostic_at(
                        (*POOLS, name, "selector", key),
                        node_codes.SELECTOR_RESERVED,
                        message,
                        help_="select nodes by labels that they have from the beginning",
                    )

    def _one_driver(self) -> Iterator[Diagnostic]:
        owned = list(self.owned().items())
        for name, pool in owned[1:]:
            first_name, first = owned[0]
            for key in ("branch", "version", "kernel_modules", "precompiled"):
                mine, theirs = getattr(pool.driver, key), getattr(first.driver, key)
                if mine != theirs:
                    alias = type(pool.driver).model_fields[key].alias or key
                    message = f"two drivers for one ClusterPolicy: {alias} {mine} for {name}, {theirs} for {first_name}"
                    notes = (
                        self.context.note((*POOLS, first_name, "driver", alias), f"pool {first_name}"),
                        self.context.note(
                            ("spec", "components", "gpu-operator", "settings", "driverObjects"),
                            "one driver for all because of this",
                        ),
                    )
                    path = (*POOLS, name, "driver", alias)
                    yield self.context.diagnostic_at(
                        path,
                        codes.DRIVERS_DIFFER,
                        message,
                        notes=notes,
                        help_="make them alike, or remove driverObjects",
                    )
                    break

    def _runtime_classes(self) -> Iterator[Diagnostic]:
        pools = [
            (name, self.mode(pool).runtime_class) for name, pool in self.context.spec.node_pools.items() if pool.gpu
        ]
        for name, wanted in pools[1:]:
            first, theirs = pools[0]
            if wanted != theirs and self.context.spec.gpu_stack == "clusterPolicy":
                message = f"pods run with one RuntimeClass: pool {name} has {wanted}, pool {first} {theirs}"
                note: Note = self.context.note((*POOLS, first, "driver", "owner"), f"pool {first}")
                yield self.context.diagnostic_at(
                    (*POOLS, name, "driver", "owner"),
                    codes.RUNTIME_CLASSES_DIFFER,
                    message,
                    notes=(note,),
                    help_="let all GPU pools get their driver in the same way",
                )
                return
