"""Pods in Kata's virtual machines: the handlers that the pools need, where they are installed, and their allowed
configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blueprint.platform.nodes.taints import PoolTaint, Taint, merged_taints
from blueprint.platform.tracking.recorder import decided_by, tracked_property, untracked
from blueprint.platform.views import PlatformView, PoolView
from blueprint.records import Record
from blueprint.spec.kata import KataSpec

if TYPE_CHECKING:
    from blueprint.catalog.component_files.handlers import Encryption, Handler, Handlers, Language, Runtime

RUNTIMES = "kataRuntimes"
"""The setting that identifies the component which installs Kata."""
ADMISSION = "trustedNamespaces"
"""The setting that identifies the component whose policies isolate pools of virtual machines."""
KATA_TAINT = Taint("gpublueprint.dev/kata", "true", "NoSchedule")
"""The taint of every node that runs virtual machines: policies reject pods that tolerate it without a Kata handler. Key
and value are also a label of these nodes, with which Kata selects them.
"""
CC_LABEL = "nvidia.com/cc.mode"
"""The node label that sets the confidential mode of a node's GPUs."""
LANGUAGES: tuple[Language, ...] = ("go", "rust")
NAME = "kata-{}"
"""The name of a handler's RuntimeClass, and of the handler itself in the container runtime."""


class KataPoolView(PoolView, Protocol):
    """A pool, and how its nodes run virtual machines."""

    @property
    def kata(self) -> PoolKata | None:
        """How its nodes run virtual machines."""

    @property
    def arch(self) -> str:
        """The processor architecture of its nodes."""


class KataPlatform(PlatformView, Protocol):
    """The platform, and the virtual machines of its pools."""

    @property
    def pools(self) -> Sequence[KataPoolView]:
        """All pools."""

    @property
    def kata(self) -> Kata:
        """Kata in the whole cluster."""


class PoolKata:
    """How the nodes of one pool run virtual machines."""

    def __init__(self, spec: KataSpec, pool: KataPoolView, platform: KataPlatform) -> None:
        self._spec = spec
        self._pool = pool
        self._platform = platform

    @tracked_property
    def confidential(self) -> str | None:
        """The memory encryption: `snp` or `tdx`; None: unencrypted."""
        return self._spec.confidential

    @tracked_property
    def declared_mode(self) -> str | None:
        """The declared confidential mode of its GPUs."""
        return self._spec.cc_mode

    @tracked_property
    def cc_mode(self) -> str | None:
        """The confidential mode of its GPUs; None without GPUs."""
        if self._pool.gpu is None:
            return None
        return self.declared_mode or ("on" if self.confidential else "off")

    @tracked_property
    def guest_pull(self) -> bool:
        """Whether images are pulled inside the virtual machine."""
        declared = self._spec.guest_pull
        return self.confidential is not None if declared is None else declared

    @tracked_property
    def attestation(self) -> str | None:
        """The key broker for the attestation of guests."""
        return self._spec.attestation

    @tracked_property
    def passes_gpus(self) -> bool:
        """Whether its virtual machines get GPUs."""
        return self._pool.gpu is not None

    @tracked_property
    def shims(self) -> tuple[str, ...]:
        """The handlers that its pods use, as named by Kata; the usual one first."""
        handlers = self._platform.kata.catalogue
        chosen = self._platform.setting(RUNTIMES) or "go"
        languages = [each for each in LANGUAGES if chosen in (each, "both")]
        return tuple(handlers.shim(each, self.confidential, gpus=self.passes_gpus) for each in languages)

    @tracked_property
    def runtime_classes(self) -> tuple[str, ...]:
        """The RuntimeClasses that its pods may use."""
        return tuple(NAME.format(shim) for shim in self.shims)

    @property
    def overhead(self) -> Mapping[str, str]:
        """The overhead of a virtual machine with the usual handler, by resource."""
        return KataHandler(self.shims[0], (self._pool,), self._platform).overhead

    @property
    def unfit(self) -> tuple[str, ...]:
        """The handlers that are not built for its processor architecture."""
        handlers = self._platform.kata.catalogue.handlers
        return tuple(shim for shim in self.shims if self._pool.arch not in handlers[shim].archs)


class KataHandler:
    """An installed handler, for the pools that need it."""

    def __init__(self, shim: str, pools: Sequence[KataPoolView], platform: KataPlatform) -> None:
        self.shim = shim
        self.pools = tuple(pools)
        self._platform = platform

    @property
    def facts(self) -> Handler:
        """The facts about the handler."""
        return self._platform.kata.catalogue.handlers[self.shim]

    @tracked_property
    def name(self) -> str:
        """The name of its RuntimeClass, and of the handler in the container runtime."""
        self._noted()
        return NAME.format(self.shim)

    def _noted(self) -> None:
        for pool in self.pools:
            decided_by(pool.kata and pool.kata.shims)

    @tracked_property
    def encryption(self) -> Encryption | None:
        """How it encrypts memory."""
        self._noted()
        name = self.facts.confidential
        return self._platform.kata.catalogue.confidential[name] if name else None

    @tracked_property
    def overhead(self) -> dict[str, str]:
        """The overhead of a virtual machine, by resource, including an encryption key if keys are counted."""
        self._noted()
        found = {"cpu": self.facts.overhead.cpu, "memory": self.facts.overhead.memory}
        if self.encryption and self._platform.kata.counts_keys:
            found[self.encryption.key] = "1"
        return found

    @tracked_property
    def node_labels(self) -> dict[str, str]:
        """Labels of nodes that can run it, in addition to those of the installation."""
        self._noted()
        own = {self.encryption.label: "true"} if self.encryption else {}
        return dict(sorted({**self.facts.labels, **own}.items()))

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """Taints of its pools; pods with its RuntimeClass tolerate them."""
        return merged_taints(self.pools)

    @tracked_property
    def guest_pull(self) -> bool:
        """Whether its images are pulled inside the virtual machine."""
        return any(pool.kata.guest_pull for pool in self.pools if pool.kata)

    @tracked_property
    def attestation(self) -> str | None:
        """The key broker for the attestation of its guests; its pools agree on it (BP3508)."""
        found = (pool.kata.attestation for pool in self.pools if pool.kata)
        return next((each for each in found if each), None)

    @tracked_property
    def drop_in(self) -> str:
        """Overrides of Kata's own configuration of the handler: the annotations that pods may use, and the key broker
        of guests.

        An empty list in the chart's values leaves Kata's own, which is not empty, so the list is written here.
        """
        self._noted()
        allowed = '"cc_init_data"' if self.facts.confidential and self._platform.setting("initData") else ""
        lines = ["[hypervisor.qemu]", f"enable_annotations = [{allowed}]"]
        if broker := self.attestation:
            parameters = [*self.facts.kernel, f"agent.aa_kbc_params=cc_kbc::{broker}"]
            lines.append(f'kernel_params = "{" ".join(parameters)}"')
        return "\n".join([*lines, ""])


class ArchShims(Record):
    """The handlers that are installed on nodes with one processor architecture."""

    arch: str
    shims: tuple[str, ...]
    guest_pull: tuple[str, ...]


class Kata:
    """Kata in the whole cluster."""

    def __init__(self, platform: KataPlatform, folder: Path) -> None:
        self._platform = platform
        self._folder = folder

    @cached_property
    def catalogue(self) -> Handlers:
        """All handlers that Kata can install."""
        from blueprint.catalog.component_files.handlers import load_handlers

        return load_handlers(self._folder)

    @tracked_property
    def _pools(self) -> tuple[KataPoolView, ...]:
        return tuple(pool for pool in self._platform.pools if pool.kata is not None)

    @property
    def machine_pools(self) -> tuple[KataPoolView, ...]:
        """The pools whose nodes run virtual machines."""
        return self._pools

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """The taints of their nodes."""
        return merged_taints(self._pools)

    @tracked_property
    def handlers(self) -> tuple[KataHandler, ...]:
        """The installed handlers, by name."""
        needed: dict[str, list[KataPoolView]] = {}
        for pool in self._pools:
            for shim in pool.kata.shims if pool.kata else ():
                needed.setdefault(shim, []).append(pool)
        return tuple(KataHandler(shim, needed[shim], self._platform) for shim in sorted(needed))

    @tracked_property
    def archs(self) -> tuple[ArchShims, ...]:
        """The handlers by processor architecture."""
        return tuple(self._by_arch())

    def _by_arch(self) -> Iterator[ArchShims]:
        for arch in ("amd64", "arm64"):
            there = [each for each in self.handlers if arch in each.facts.archs]
            if there:
                pulling = tuple(each.shim for each in there if each.guest_pull)
                yield ArchShims(arch, tuple(each.shim for each in there), pulling)

    @tracked_property
    def guest_pull(self) -> bool:
        """Whether any of them pulls its images inside virtual machines."""
        return any(each.guest_pull for each in self.handlers)

    @tracked_property
    def drop_ins(self) -> dict[str, str]:
        """The files that override Kata's own configuration, by name."""
        return {f"dropin-{each.shim}.toml": each.drop_in for each in self.handlers}

    @tracked_property
    def confidential(self) -> bool:
        """Whether any of them encrypts memory."""
        return any(each.encryption for each in self.handlers)

    def encryption(self, name: str) -> Encryption:
        """A method of memory encryption: `snp` or `tdx`."""
        return next(how for key, how in self.catalogue.confidential.items() if key == name)

    @property
    def encryptions(self) -> tuple[Encryption, ...]:
        """All methods of memory encryption."""
        return tuple(self.catalogue.confidential.values())

    @tracked_property
    def counts_keys(self) -> bool:
        """Whether nodes offer their encryption keys, which requires a further component."""
        with untracked():
            there = self._platform.components
            component = self._platform.component_with(RUNTIMES)
            wanted = self._platform.setting("countKeys")
            return bool(wanted) and component is not None and all(name in there for name in component.component.needs)

    @tracked_property
    def trusted_namespaces(self) -> list[str]:
        """Namespaces whose pods may tolerate all taints: those of the platform, of Prometheus, and declared ones."""
        own = set(self._platform.setting(ADMISSION) or ())
        with untracked():  # the namespaces of all components
            own |= {component.namespace for component in self._platform.components.values()}
            watched = self._platform.observability
            own |= {watched.prometheus_namespace} if watched else set()
        return sorted({"kube-system", *own})

    @tracked_property
    def runtime(self) -> Runtime | None:
        """The location of containerd on nodes; None if they have another container runtime."""
        return self.catalogue.runtimes.get(self._platform.cluster.distribution)

    @tracked_property
    def gpu_resource(self) -> str:
        """The resource that pods request to get a GPU passed through, as configured in Kata's device plugin."""
        return self._resource("P_GPU_ALIAS", "gpu")

    @tracked_property
    def nvswitch_resource(self) -> str:
        """The resource that pods request to get an NVSwitch passed through, as configured in Kata's device plugin."""
        return self._resource("NVSWITCH_ALIAS", "nvswitch")

    def _resource(self, variable: str, what: str) -> str:
        usual: str = self.catalogue.resources[what]  # type: ignore[index]
        name = (self._platform.setting("kataDevicePluginEnv") or {}).get(variable)
        return f"{usual.partition('/')[0]}/{name}" if name else usual
