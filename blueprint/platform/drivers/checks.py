"""What can be wrong about drivers and about who brings them."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import Mode
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.diagnostics import Diagnostic, Note, nearest
from blueprint.platform.check_context import POOLS, Teller
from blueprint.platform.cluster import codes as cluster_codes
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.branches import default_branch
from blueprint.platform.drivers.model import NEVER, assumed
from blueprint.platform.nodes import codes as node_codes
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool

RESERVED = ("nvidia.com/gpu-operator.", "nvidia.com/gpu.deploy.", "gpublueprint.dev/")
"""Beginnings of labels that the GPU Operator or this tool sets on nodes by itself."""
_SAID: tuple[Path, ...] = (("driver", "owner"), ("owner", "toolkit"), ("owner", "devicePlugin"))
"""Where a pool says who brings what."""


class DriverChecks(Teller):
    """Drivers, toolkits and device plugins: each pool against the distribution and the release, then all of them."""

    def __init__(self, told: Teller, release: Release | None) -> None:
        super().__init__(told.blueprint, told.root, told.catalog)
        self.release = release
        self.ground = self.catalog.distribution(self.spec.cluster.distribution)
        self.os = self.spec.cluster.os or self.ground.default_os

    def mode(self, pool: NodePool) -> Mode:
        """The mode of a pool, or what stands in for it."""
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        return self.ground.mode(self.os, self.spec.gpu_stack, *said) or assumed(*said)

    def owned(self) -> dict[str, NodePool]:
        """The pools whose driver the operator installs."""
        return {
            name: pool
            for name, pool in self.spec.node_pools.items()
            if pool.gpu and self._has_mode(pool) and self.mode(pool).driver == "operator"
        }

    def _has_mode(self, pool: NodePool) -> bool:
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        return self.ground.mode(self.os, self.spec.gpu_stack, *said) is not None

    def system(self) -> Iterator[Diagnostic]:
        """The nodes' operating system against the distribution, and against the release where the operator drives."""
        path: Path = ("spec", "cluster", "os")
        if self.ground.image(self.os) is None:
            message = f"{self.ground.title} does not run GPU nodes with {self.os}"
            help_ = f"families of images: {', '.join(self.ground.images)}; usual: {self.ground.default_os}"
            note = self.note(("spec", "cluster", "distribution"), "distribution set here")
            yield self.at(path, cluster_codes.SYSTEM_NOT_RUN, message, help_=help_, notes=(note,))
        elif self.release and self.owned() and self.os not in self.release.operating_systems.value:
            systems = self.release.operating_systems.value
            message = f"release {self.release.release} has no driver for {self.os}"
            help_ = f"supported: {', '.join(systems)}"
            yield self.at(path, cluster_codes.OS_UNSUPPORTED, message, help_=help_, fix=nearest(self.os, systems))

    def pool(self, name: str, pool: NodePool, product: Gpu | None) -> Iterator[Diagnostic]:
        """One pool with GPUs."""
        yield from self._mode(name, pool)
        if self.release:
            yield from self._branch(name, pool, product, self.release)
        mode, at = self.mode(pool), (*POOLS, name, "driver")
        if mode.driver != "operator":
            for key in ("kernelModules", "precompiled"):
                if self.root.get((*at, key)):
                    message = f"the driver of pool {name} is the {mode.driver}'s, so {key}"
                    yield self.no_effect((*at, key), (*at, "owner"), message)
        elif pool.driver.precompiled and self.release:
            yield from self._precompiled(name, pool, product, self.release)

    def _mode(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        said = (pool.driver.owner, pool.owner.toolkit, pool.owner.device_plugin)
        modes, stack = self.ground.modes(self.os), self.spec.gpu_stack
        if not modes or stack in self.ground.refuses or any(mode.fits(stack, *said) for mode in modes):
            return
        path = self._said_last(name, said)
        lawful = [mode for mode in modes if stack in mode.stacks]
        if stack == "gpuCluster" and (not lawful or said[1] == "operator" or said[2] in ("host", "provider")):
            return  # told by checks_dra
        alone = stack == "standalone" and "operator" in said[:2]
        if alone:
            message = f"gpuStack: standalone has no operator that could install what pool {name} leaves to it"
            note = self.note(("spec", "gpuStack"), "without the operator because of this")
            yield self.at(path, codes.NO_OPERATOR, message, help_="say host or provider", notes=(note,))
            return
        words = ("driver", "toolkit", "device plugin")
        given = ", ".join(f"{word}: {value}" for word, value in zip(words, said, strict=True) if value)
        message = f"{self.ground.title} with {self.os} has no way to give pool {name} {given}"
        help_ = "ways: " + "; ".join(map(str, lawful)) if lawful else f"gpuStack: {stack} is not possible there"
        others = [other for other in _SAID if (*POOLS, name, *other) != path and self.root.get((*POOLS, name, *other))]
        notes = (
            *(self.note((*POOLS, name, *other), "said here too") for other in others),
            self.note(("spec", "cluster", "distribution"), "distribution set here"),
            self.note(("spec", "cluster", "os"), "operating system set here"),
        )
        yield self.at(path, codes.MODE_UNSUPPORTED, message, help_=help_, notes=notes)

    def _said_last(self, name: str, said: tuple[str | None, ...]) -> Path:
        """The value that made the difference: the last one without which some mode would fit."""
        for index in (2, 1, 0):
            fewer = tuple(None if at == index else value for at, value in enumerate(said))
            if said[index] and self.ground.mode(self.os, self.spec.gpu_stack, *fewer):
                return (*POOLS, name, *_SAID[index])
        return (*POOLS, name, *next((path for path, value in zip(_SAID, said, strict=True) if value), ("driver",)))

    def _branch(self, name: str, pool: NodePool, product: Gpu | None, release: Release) -> Iterator[Diagnostic]:
        path = (*POOLS, name, "driver", "branch")
        said, operated = pool.driver, self.mode(pool).driver == "operator"
        branches = release.driver.branches
        if said.branch and operated and not said.version and said.branch not in branches:
            yield self.unknown(path, codes.DRIVER_BRANCH_UNKNOWN, f"driver in release {release.release} of branch",
                               branches)  # fmt: skip
            return
        yield from self._version(name, pool, release)
        branch = said.branch or (said.version or "").partition(".")[0]
        effective = branch or (default_branch(product, release) if operated else None)
        if effective is None:
            return
        where = path if said.branch else (*POOLS, name, "driver", "version")
        oldest = product.minimum_driver if product else None
        if product and oldest and oldest.certain and int(effective) < int(oldest.value.partition(".")[0]):
            message = f"driver branch {effective} does not know {product.product}; it needs {oldest.value} or newer"
            yield self.at(where if branch else path, codes.DRIVER_TOO_OLD, message,
                          help_=f"branches of this release: {', '.join(sorted(branches))}",
                          notes=(self.note((*POOLS, name, "gpu", "product"), "product set here"),))  # fmt: skip
        known = branches.get(effective)
        if branch and known and known.supported_until < release.release.replace(".", "-"):
            message = f"driver branch {branch} has not been maintained since {known.supported_until}"
            yield self.at(where, codes.RELEASE_OLD_DRIVER, message)

    def _version(self, name: str, pool: NodePool, release: Release) -> Iterator[Diagnostic]:
        said = pool.driver
        path = (*POOLS, name, "driver", "version")
        if said.version is None:
            return
        if said.branch and said.version.partition(".")[0] != said.branch:
            message = f"driver {said.version} is not of branch {said.branch}"
            note = self.note((*POOLS, name, "driver", "branch"), "branch set here")
            yield self.at(path, codes.DRIVER_OTHER_BRANCH, message, help_="remove one of them", notes=(note,))
        elif self.mode(pool).driver == "operator" and not said.precompiled:
            tested = {branch.version for branch in release.driver.branches.values()}
            if said.version not in tested:
                message = f"driver {said.version} is not one that release {release.release} was put together with"
                yield self.at(path, codes.DRIVER_UNTESTED, message, help_=f"its drivers: {', '.join(sorted(tested))}")

    def _precompiled(self, name: str, pool: NodePool, product: Gpu | None, release: Release) -> Iterator[Diagnostic]:
        path = (*POOLS, name, "driver", "precompiled")
        built = release.driver.precompiled.value
        branch = pool.driver.branch or default_branch(product, release)
        if pool.driver.version:
            message = f"a precompiled driver has no exact version: {name} takes what fits its kernel"
            yield self.at((*POOLS, name, "driver", "version"), codes.PRECOMPILED_UNSUPPORTED, message,
                          help_="say branch instead", notes=(self.note(path, "because of this"),))  # fmt: skip
        elif branch not in built.get(self.os, ()):
            message = f"NVIDIA publishes no precompiled driver of branch {branch} for {self.os}"
            known = "; ".join(f"{system}: {', '.join(branches)}" for system, branches in built.items())
            notes = (
                self.note(("spec", "cluster", "os"), "operating system set here"),
                self.note((*POOLS, name, "driver", "branch"), "branch set here"),
            )
            yield self.at(path, codes.PRECOMPILED_UNSUPPORTED, message, help_=f"there are: {known}", notes=notes)

    def together(self) -> Iterator[Diagnostic]:
        """All pools: one runtime class, and one driver where nothing else is wanted."""
        yield from self._runtime_classes()
        operator = self.spec.components.get("gpu-operator")
        when = operator.settings.get("driverObjects") if operator else None
        if when == NEVER:
            yield from self._one_driver()
        for name, pool in self.spec.node_pools.items():
            for key in pool.selector:
                if key.startswith(RESERVED):
                    message = f"pool {name} is selected by {key}, which is set on nodes by what we install"
                    yield self.at((*POOLS, name, "selector", key), node_codes.SELECTOR_RESERVED, message,
                                  help_="select nodes by labels that they have from the beginning")  # fmt: skip

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
                        self.note((*POOLS, first_name, "driver", alias), f"pool {first_name}"),
                        self.note(
                            ("spec", "components", "gpu-operator", "settings", "driverObjects"),
                            "one driver for all because of this",
                        ),
                    )
                    path = (*POOLS, name, "driver", alias)
                    yield self.at(
                        path,
                        codes.DRIVERS_DIFFER,
                        message,
                        notes=notes,
                        help_="make them alike, or remove driverObjects",
                    )
                    break

    def _runtime_classes(self) -> Iterator[Diagnostic]:
        pools = [(name, self.mode(pool).runtime_class) for name, pool in self.spec.node_pools.items() if pool.gpu]
        for name, wanted in pools[1:]:
            first, theirs = pools[0]
            if wanted != theirs and self.spec.gpu_stack == "clusterPolicy":
                message = f"pods run with one RuntimeClass: pool {name} has {wanted}, pool {first} {theirs}"
                note: Note = self.note((*POOLS, first, "driver", "owner"), f"pool {first}")
                yield self.at((*POOLS, name, "driver", "owner"), codes.RUNTIME_CLASSES_DIFFER, message, notes=(note,),
                              help_="let all GPU pools get their driver in the same way")  # fmt: skip
                return
