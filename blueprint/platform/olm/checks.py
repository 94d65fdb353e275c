"""What can be wrong where a distribution has releases, a fixed kubelet and operators of its own: OpenShift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Distribution
from blueprint.catalog.olm import Olm
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.selection import asked_for
from blueprint.platform.drivers.branches import default_branch
from blueprint.platform.network.model import served
from blueprint.platform.olm import codes
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.versions import minor_of, version_key

_CLUSTER: Path = ("spec", "cluster")
_REGISTRIES: Path = (*_CLUSTER, "registries")
_WHY = "distribution set here"
NRI_FROM = "1.34"
"""The first CRI-O whose NRI the GPU Operator's plugin knows; CRI-O has the versions of Kubernetes."""


def check_distribution(context: CheckContext) -> Iterator[Diagnostic]:
    """The blueprint against the distribution, and how operators are installed there."""
    return OlmChecks(context).found()


class OlmChecks:
    """The blueprint against the distribution, and its components against how operators are installed there."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.release = context.platform.release
        self.ground: Distribution = self.context.catalog.distribution(self.context.spec.cluster.distribution)
        self.minor = minor_of(self.context.spec.cluster.kubernetes)
        self.because = (self.context.note((*_CLUSTER, "distribution"), _WHY),)

    def found(self) -> Iterator[Diagnostic]:
        """Everything; on a distribution without a lifecycle manager only what would mean something there."""
        by_olm = self.ground.operators == "olm"
        yield from self._ground()
        if by_olm:
            yield from self._registries()
            yield from self._drivers()
        for name, version in self.release.components.items():
            component = self.context.catalog.component(name, version)
            if component is not None:
                yield from self._through_olm(component) if by_olm else self._by_manifests(component)

    def _ground(self) -> Iterator[Diagnostic]:
        versions, stack = self.ground.versions, self.context.spec.gpu_stack
        if versions and self.minor not in versions and self.minor in self.release.kubernetes.value:
            title = self.ground.title
            message = f"release {self.release.release} supports no release of {title} with Kubernetes {self.minor}"
            known = ", ".join(f"{kubernetes} ({title} {own})" for kubernetes, own in versions.items())
            yield self.context.diagnostic_at(
                (*_CLUSTER, "kubernetes"),
                codes.NO_SUCH_RELEASE,
                message,
                help_=f"there is: {known}",
                notes=self.because,
            )
        if why := self.ground.refuses.get(stack):
            message = f"{self.ground.title} does not run gpuStack: {stack}: {why}"
            yield self.context.diagnostic_at(
                ("spec", "gpuStack"), codes.STACK_NOT_RUN, message, notes=self.because, help_="gpuStack: clusterPolicy"
            )
        if self.ground.kubelet_root not in (None, self.context.spec.cluster.kubelet_root):
            message = f"the kubelet of {self.ground.title} keeps its files under {self.ground.kubelet_root}"
            yield self.context.diagnostic_at(
                (*_CLUSTER, "kubeletRoot"), codes.KUBELET_ELSEWHERE, message, notes=self.because, help_="remove it"
            )

    def _registries(self) -> Iterator[Diagnostic]:
        if self.context.spec.cluster.registries.pull_secrets:
            message = f"the operators' pods on {self.ground.title} take no pull secrets from here"
            help_ = "put the credentials into the secret pull-secret of the namespace openshift-config"
            yield self.context.diagnostic_at(
                (*_REGISTRIES, "pullSecrets"), codes.SECRETS_OF_THE_CLUSTER, message, help_=help_, notes=self.because
            )
        if "*" in self.context.spec.cluster.registries.mirrors:
            message = f"the nodes of {self.ground.title} know no mirror of every registry"
            help_ = "name each host: nvcr.io, registry.redhat.io, registry.connect.redhat.com"
            yield self.context.diagnostic_at_key(
                (*_REGISTRIES, "mirrors", "*"), codes.MIRROR_OF_EVERYTHING, message, help_=help_, notes=self.because
            )

    def _drivers(self) -> Iterator[Diagnostic]:
        branches = self.release.driver.branches
        pinned = ", ".join(sorted(branch for branch, known in branches.items() if known.digest))
        for name, pool in self.context.spec.node_pools.items():
            said = pool.driver
            if pool.gpu is None or said.precompiled:
                continue
            branch = said.branch or default_branch(self.context.catalog.gpu(pool.gpu.product), self.release)
            if said.version:
                path, what = (*POOLS, name, "driver", "version"), f"version {said.version}"
            elif branch in branches and not branches[branch].digest:
                path, what = (*POOLS, name, "driver", "branch"), f"branch {branch}"
            else:
                continue
            message = f"release {self.release.release} pins no driver of {what} for {self.ground.title}"
            yield self.context.diagnostic_at(
                path, codes.DRIVER_NOT_PINNED, message, help_=f"branches: {pinned or 'none'}", notes=self.because
            )

    def _through_olm(self, component: Component) -> Iterator[Diagnostic]:
        path: Path = ("spec", "components", component.name)
        spec = self.context.spec.components.get(component.name)
        if spec is not None and spec.ownership != "managed":
            return
        if component.olm is None:
            if spec is not None or self._asked_for(component):
                message = f"{component.name} has no form for {self.ground.title} in this release"
                at = path if spec is not None else self._asker(component)
                yield self.context.diagnostic_at(
                    at,
                    codes.NO_FORM_FOR_OLM,
                    message,
                    help_="ownership: external, if it is there already",
                    notes=self.because,
                )
            return
        yield from self._without(component)
        if spec is not None:
            yield from self._settings(component, component.olm, spec.settings, path)

    def _settings(
        self, component: Component, olm: Olm, settings: Mapping[str, Any], path: Path
    ) -> Iterator[Diagnostic]:
        for setting in settings:
            known = component.settings.get(setting)
            if known and (why := olm.refusal(setting, known)):
                message = f"{setting} means nothing to {component.name} on {self.ground.title}: {why}"
                yield self.context.diagnostic_at_key(
                    (*path, "settings", setting),
                    codes.DECIDED_BY_BUNDLE,
                    message,
                    help_="remove it",
                    notes=self.because,
                )
        if settings.get("installPlanApproval") == "Automatic":
            message = f"{component.name} would take every later version of its channel by itself"
            yield self.context.diagnostic_at(
                (*path, "settings", "installPlanApproval"),
                codes.APPROVED_BY_ITSELF,
                message,
                help_="Manual lets a person approve each",
                fix="Manual",
            )
        if settings.get("nriPlugin") is True and version_key(self.minor) < version_key(NRI_FROM):
            message = (
                f"CRI-O {self.minor}, which {self.ground.title} has with this Kubernetes, has no NRI for the plugin"
            )
            yield self.context.diagnostic_at(
                (*path, "settings", "nriPlugin"),
                codes.RUNTIME_TOO_OLD,
                message,
                help_=f"remove it, or run Kubernetes {NRI_FROM} or newer",
                notes=self.because,
            )

    def _asked_for(self, component: Component) -> bool:
        """Whether the blueprint has it without a word about it: by its stack, and its section if it has one."""
        stack = self.context.spec.gpu_stack
        return (
            asked_for(component, self.context.spec) and stack in component.stacks and stack not in self.ground.refuses
        )

    def _asker(self, component: Component) -> Path:
        """What asks for a component without naming it: a pool's network, or a section."""
        distribution = self.context.spec.cluster.distribution
        asking = (
            name
            for name, pool in self.context.spec.node_pools.items()
            if served(pool.network, distribution) == component.name
        )
        pool = next(asking, None)
        return (*POOLS, pool, "network") if pool else ("spec", component.section or "gpuStack")

    def _without(self, component: Component) -> Iterator[Diagnostic]:
        """Parts of the operator's driver that its bundle has no image of."""
        for part in component.olm.without if component.olm else ():
            for name, pool in self.context.spec.node_pools.items():
                if pool.network and getattr(pool.network, part):
                    message = f"the bundle of {component.name} for {self.ground.title} has no image of {part}"
                    yield self.context.diagnostic_at(
                        (*POOLS, name, "network", part),
                        codes.DECIDED_BY_BUNDLE,
                        message,
                        help_="remove it",
                        notes=self.because,
                    )

    def _by_manifests(self, component: Component) -> Iterator[Diagnostic]:
        spec = self.context.spec.components.get(component.name)
        for setting in component.olm.only if component.olm and spec else ():
            if spec and setting in spec.settings:
                at: Path = ("spec", "components", component.name, "settings", setting)
                message = f"{setting} is for the Operator Lifecycle Manager, which {self.ground.title} does not have"
                yield self.context.diagnostic_at_key(
                    at, codes.ONLY_THROUGH_OLM, message, help_="remove it", notes=self.because
                )
