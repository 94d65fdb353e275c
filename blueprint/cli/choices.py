"""Valid answers to the questions of `init`: checks, completions, defaults.

An answer comes from a flag or from a prompt. In both cases, ValueError explains what is wrong with it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import get_args

from blueprint.catalog.catalog import Catalog, load_catalog
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.cli.draft import ALLOCATIONS, STACKS, PoolDraft
from blueprint.diagnostics import nearest
from blueprint.patterns import lazy_pattern
from blueprint.platform.drivers.branches import default_branch
from blueprint.records import Record, replace
from blueprint.spec.cluster import Cluster
from blueprint.spec.forms import FORMS, KUBERNETES, NAME, SYSTEM
from blueprint.versions import minor_of

_POOL = lazy_pattern(r"(?P<name>[^=]+)=(?:(?P<product>.+)x(?P<count>\d{1,9})x)?(?P<nodes>\d{1,9})", re.ASCII)
POOL_FORM = "NAME=PRODUCTxCOUNTxNODES (GPUs per node, then nodes), or NAME=NODES for nodes without GPUs"
MOST_GPUS = 16
MOST_NODES = 100_000
_LONGEST_NAME = 40
_FEW = 8


class Choices(Record, dict=True):
    """The possible answers, according to the catalogue and one of its releases."""

    catalog: Catalog
    release: Release

    @cached_property
    def distributions(self) -> tuple[str, ...]:
        """The values of `cluster.distribution`."""
        return get_args(Cluster.model_fields["distribution"].annotation)

    def kubernetes_of(self, distribution: str, wanted: str | None = None) -> str:
        """The requested minor version, if the distribution has it; otherwise its newest one that the release
        supports.
        """
        own = self.catalog.distribution(distribution).versions
        if wanted and (not own or minor_of(wanted) in own):
            return wanted
        minors = [minor for minor in self.release.kubernetes.value if not own or minor in own]
        return max(minors, key=lambda minor: int(minor.partition(".")[2]))

    def name(self, text: str) -> str:
        """A name of a platform or a pool."""
        found = _formed(text, NAME)
        if len(found) > _LONGEST_NAME:
            raise ValueError(f"{text} is longer than {_LONGEST_NAME} characters")
        return found

    def kubernetes(self, text: str) -> str:
        """A Kubernetes version, with or without the patch version."""
        return _formed(text.removeprefix("v"), KUBERNETES)

    def os(self, text: str) -> str:
        """An operating system."""
        return _formed(text, SYSTEM)

    def distribution(self, text: str) -> str:
        """One of the distributions."""
        return _one_of(text, self.distributions, "distribution")

    def gpu_stack(self, text: str) -> str:
        """The GPU stack."""
        return _one_of(text, tuple(STACKS), "gpuStack")

    def allocation(self, text: str) -> str:
        """How pods get GPUs."""
        return _one_of(text, tuple(ALLOCATIONS), "allocation")

    def branch(self, text: str) -> str:
        """A driver branch for which the release has a driver."""
        return _one_of(text, tuple(self.release.driver.branches), "driver branch")

    def product(self, text: str) -> str:
        """A GPU product. A unique prefix of its name is enough; nothing else is guessed."""
        known = {name.casefold(): name for name in self.catalog.products}
        if found := known.get(text.casefold()):
            return found
        begun = [name for folded, name in known.items() if text and folded.startswith(text.casefold())]
        if len(begun) == 1:
            return begun[0]
        if begun:
            raise ValueError(f"{text} is ambiguous: {_listed(begun)}")
        return _one_of(text, self.catalog.products, "GPU product")

    def number(self, text: str, least: int, most: int) -> int:
        """An integer within bounds."""
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"{text or 'nothing'} is not a whole number from {least} to {most}")
        return int(text)

    def pool(self, text: str) -> PoolDraft:
        """`train=H100-SXM5-80GBx8x4`: four nodes of eight GPUs each; `system=3`: three nodes without GPUs."""
        match = _POOL.fullmatch(text)
        if match is None:
            raise ValueError(f"{text} is not {POOL_FORM}")
        pool = PoolDraft(self.name(match["name"]), self.number(match["nodes"], 0, MOST_NODES))
        if match["product"] is None:
            return pool
        return replace(pool, product=self.product(match["product"]), count=self.number(match["count"], 1, MOST_GPUS))

    def system(self, wanted: str | None, distribution: str) -> str:
        """The operating system of the nodes: the requested one, or the distribution's default."""
        return wanted or self.catalog.distribution(distribution).default_os

    def with_branch(self, pool: PoolDraft, wanted: str | None, system: str) -> PoolDraft:
        """The pool with the requested driver branch, or the one that its GPU needs instead of the release's default."""
        gpu = self.catalog.gpu(pool.product) if pool.product else None
        return pool if gpu is None else replace(pool, branch=wanted or self._needed(gpu, system))

    def _needed(self, gpu: Gpu, system: str) -> str | None:
        """The branch that the GPU gets by default, if it is not the release's default."""
        branch = default_branch(gpu, self.release, system)
        return None if branch == self.release.driver.default_branch.value else branch


def choices_for(release: str | None) -> Choices:
    """The choices for this release, or the newest one. Raises ValueError."""
    catalog = load_catalog()
    name = catalog.releases[-1] if release is None else _one_of(release, catalog.releases, "release")
    found = catalog.release(name)
    if found is None:
        raise ValueError(f"there is no release {name}")
    return Choices(catalog, found)


def _formed(text: str, pattern: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text or 'nothing'} does not have the right format: {FORMS[pattern]}")
    return text


def _one_of(text: str, known: tuple[str, ...], what: str) -> str:
    if text in known:
        return text
    near = nearest(text, known)
    hint = f"did you mean {near}?" if near else f"known: {_listed(list(known))}"
    raise ValueError(f"there is no {what} {text or '(nothing)'}; {hint}")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_FEW]) + (", ..." if len(names) > _FEW else "")
