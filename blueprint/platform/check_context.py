"""The context of checks: the platform, and diagnostics at locations in the blueprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Stack
from blueprint.catalog.releases import Release
from blueprint.diagnostics import Code, Diagnostic, Fix, Note, known_names, nearest
from blueprint.platform import codes
from blueprint.platform.components import codes as component_codes
from blueprint.platform.model import Platform
from blueprint.platform.paths import POOL_DEFAULTS, POOLS, stack_path
from blueprint.platform.pool import GpuPool, Pool
from blueprint.records import Record
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, format_path
from blueprint.spec.karpenter import KARPENTER
from blueprint.spec.model import Blueprint
from blueprint.wording import first_few


class BlueprintInputs(Record):
    """A blueprint before it is resolved.

    Attributes:
        written: The blueprint as its author wrote it.
        completed: The blueprint with values derived from instance types. Pools whose GPUs are undetermined are omitted.
    """

    written: Blueprint
    completed: Blueprint


_MOST_VALUES = 4
"""The maximum number of chart values that one finding covers."""


class CheckContext:
    """The input of a check.

    Attributes:
        platform: The resolved platform, which checks examine.
        inputs: The blueprint before it is resolved, only for the checks of the topic `inputs`.
        root: The location of each written value.
        catalog: Products, components, releases, distributions.
    """

    def __init__(self, platform: Platform, inputs: BlueprintInputs, root: Node, catalog: Catalog) -> None:
        self.platform = platform
        self.inputs = inputs
        self.root = root
        self.catalog = catalog

    @property
    def release(self) -> Release:
        """The release that the blueprint selects."""
        return self.platform.release

    @cached_property
    def pools(self) -> Mapping[str, Pool]:
        """The pools by name, in the order of the blueprint, including those whose product is not in the catalogue."""
        return self.platform.declared_pools

    @property
    def gpu_pools(self) -> tuple[GpuPool, ...]:
        """The pools with GPUs for containers."""
        return tuple(pool for pool in self.pools.values() if isinstance(pool, GpuPool) and not pool.passes_gpus)

    def is_inherited(self, path: Path) -> bool:
        """Whether a pool has the value at `path` from `poolDefaults`, so that it was not set for this pool in
        particular.
        """
        node = self.root.get(path)
        return node is not None and node is self.root.get((*POOL_DEFAULTS, *path[3:]))

    def diagnostic_at(
        self,
        path: Path,
        code: Code,
        message: str,
        *,
        help_: str | None = None,
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> Diagnostic:
        """A diagnostic at the value of `path`, or at its nearest ancestor, with notes about overridden layers."""
        node, where = self.root.nearest(path)
        span = node.span if where == path and not isinstance(node.value, dict) else (node.key_span or node.span)
        replaced = node.replaced if where == path else None
        history = (Note(f"replaces the value of {replaced.layer.name}", replaced.span),) if replaced else ()
        return Diagnostic(
            code,
            message,
            at=span,
            help=help_,
            path=format_path(path),
            notes=(*notes, *history),
            fix=Fix(span, fix) if fix else None,
        )

    def diagnostic_at_key(
        self,
        path: Path,
        code: Code,
        message: str,
        *,
        help_: str | None = None,
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> Diagnostic:
        """A diagnostic at the last key of `path`, or at its nearest ancestor."""
        node, where = self.root.nearest(path)
        span = (node.key_span if where == path else None) or node.key_span or node.span
        fix_ = Fix(span, fix) if fix else None
        return Diagnostic(code, message, at=span, help=help_, path=format_path(path), notes=notes, fix=fix_)

    def unknown_name(self, path: Path, code: Code, what: str, known: Iterable[str], where: str = "") -> Diagnostic:
        """A diagnostic for a name that is not in `known`; `where` ends the sentence: ` in release 2026.11`."""
        node = self.root.get(path)
        value = str(node.value) if node and not isinstance(node.value, dict) else str(path[-1])
        names = sorted(known)
        return self.diagnostic_at(
            path, code, f"there is no {what} {value}{where}", help_=known_names(value, names), fix=nearest(value, names)
        )

    def unknown_setting(self, path: Path, message: str, known: Iterable[str]) -> Diagnostic:
        """A diagnostic for a setting that is not in `known`, at its key."""
        node, _ = self.root.nearest(path)
        span = node.key_span or node.span
        from blueprint.catalog.component_files.helm_values import where_helm_values_are

        component, name = str(path[2]), str(path[-1])
        if values := where_helm_values_are(component, name, plain(node) if node.key_span else None):
            help_ = first_few(values, _MOST_VALUES)
            near = None
        else:
            help_ = known_names(name, known, explained_by=component)
            near = nearest(name, known)
        fix = Fix(span, near) if near else None
        return Diagnostic(
            component_codes.UNKNOWN_SETTING, message, at=span, path=format_path(path), fix=fix, help=help_
        )

    def no_effect(self, path: Path, because: Path, message: str) -> Diagnostic:
        """A diagnostic for a value at `path` without effect, because of another one."""
        notes = (self.note(because, "because of this"),)
        help_ = "remove it"
        return self.diagnostic_at(path, codes.NO_EFFECT, f"{message} no effect", notes=notes, help_=help_)

    def stack_path(self, stack: Stack) -> Path:
        """The path that determines a stack: the platform's, or that of the first pool with another one."""
        if stack == self.platform.stack_with(None):
            return stack_path(stack)
        differing = (self.allocation_path(pool) for pool in self.pools.values() if pool.gpu and pool.stack == stack)
        return next(differing, stack_path(stack))

    def allocation_path(self, pool: Pool) -> Path:
        """The path that determines how pods get the GPUs of a pool."""
        own: Path = (*POOLS, pool.name, "allocation")
        return own if self.is_written(own) else stack_path(pool.stack)

    def note(self, path: Path, message: str) -> Note:
        """A note at the value of `path`, or at its nearest ancestor."""
        node, _ = self.root.nearest(path)
        return Note(message, node.span if not isinstance(node.value, dict) else (node.key_span or node.span))

    def product_note(self, pool: str) -> Note:
        """A note about where the GPU product of a pool was set: by name, or by the instance type."""
        product: Path = (*POOLS, pool, "gpu", "product")
        for machine in (("machine", "instanceType"), (KARPENTER, "instanceTypes")):
            if not self.root.get(product) and (node := self.root.get((*POOLS, pool, *machine))):
                return Note("this instance type has the product", node.span)
        node, _ = self.root.nearest(product)
        return Note("product set here", node.span)

    def component_with(self, setting: str) -> Component | None:
        """The component with a setting, in the release's version. The contract is the setting's name, not the
        component's.
        """
        name = self._owner_of(setting)
        return self.catalog.component(name, self.release.components.get(name))

    def _owner_of(self, setting: str) -> str:
        """The name of the component with a setting: the one of this stack, if there is one."""
        return self.catalog.component_with(setting, self.platform.stacks)

    def setting_path(self, setting: str, *steps: str) -> Path:
        """The path of a setting, or of something in it."""
        return ("spec", "components", self._owner_of(setting), "settings", setting, *steps)

    def settings_with(self, setting: str) -> Mapping[str, Any]:
        """The values for the component that has this setting."""
        declared = self.platform.declared_components.get(self._owner_of(setting))
        return declared.given if declared else {}

    def is_written(self, path: Path) -> bool:
        """Whether a document sets a value at `path`."""
        return self.root.get(path) is not None
