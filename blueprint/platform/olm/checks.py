"""Checks of installations through the Operator Lifecycle Manager (OLM)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.components.selection import ALLOCATION, POOL_KATA
from blueprint.platform.olm import codes
from blueprint.platform.paths import CLUSTER, POOLS
from blueprint.source.paths import Path
from blueprint.versions import version_key

NRI_FROM = "1.34"
"""The first CRI-O version whose NRI the GPU Operator's plugin supports; CRI-O's versions follow those of Kubernetes."""


def check_olm(context: CheckContext) -> Iterator[Diagnostic]:
    """Check OLM installations; on a distribution without OLM, only the settings that need it."""
    by_olm = context.platform.cluster.uses_olm
    if by_olm:
        yield from _pull_secrets(context)
        yield from _mirror_of_everything(context)
        yield from _drivers_not_pinned(context)
    for component in context.platform.release_components.values():
        for check in _THROUGH_OLM if by_olm else _BY_MANIFESTS:
            yield from check(context, component)


def _because(context: CheckContext) -> tuple[Note, ...]:
    return (context.note((*CLUSTER, "distribution"), "distribution set here"),)


def _title(context: CheckContext) -> str:
    return context.platform.cluster.distribution_facts.title


def _at(component: PlatformComponent) -> Path:
    return ("spec", "components", component.name)


def _given(component: PlatformComponent) -> Mapping[str, Any]:
    """The blueprint's settings for a component; empty if the component is not managed."""
    return component.given if component.ownership == "managed" else {}


def _pull_secrets(context: CheckContext) -> Iterator[Diagnostic]:
    """Pull secrets, which OLM's pods do not take from a blueprint."""
    if context.platform.cluster.pull_secrets:
        message = f"pullSecrets has no effect on the operators' pods on {_title(context)}"
        help_ = "add the credentials to the secret pull-secret in the namespace openshift-config"
        path, code = (*CLUSTER, "registries", "pullSecrets"), codes.SECRETS_OF_THE_CLUSTER
        yield context.diagnostic_at(path, code, message, help_=help_, notes=_because(context))


def _mirror_of_everything(context: CheckContext) -> Iterator[Diagnostic]:
    """A mirror for all registries, which OpenShift nodes do not support."""
    if "*" in context.platform.cluster.mirrors:
        message = f"{_title(context)} does not support a mirror for all registries"
        help_ = "list each host: nvcr.io, registry.redhat.io, registry.connect.redhat.com"
        path, code = (*CLUSTER, "registries", "mirrors", "*"), codes.MIRROR_OF_EVERYTHING
        yield context.diagnostic_at_key(path, code, message, help_=help_, notes=_because(context))


def _drivers_not_pinned(context: CheckContext) -> Iterator[Diagnostic]:
    """Drivers whose image the operator's bundle does not pin by digest."""
    branches = context.release.driver.branches
    pinned = ", ".join(sorted(branch for branch, known in branches.items() if known.digest))
    for pool in context.gpu_pools:
        branch, version = pool.driver.branch, pool.driver.declared.version
        if not pool.driver.enabled or pool.driver.precompiled:
            continue
        if version:
            path, what = (*POOLS, pool.name, "driver", "version"), f"version {version}"
        elif branch and branch in branches and not branches[branch].digest:
            path, what = (*POOLS, pool.name, "driver", "branch"), f"branch {branch}"
        else:
            continue
        message = f"release {context.release.release} pins no driver of {what} for {_title(context)}"
        help_, notes = f"pinned branches: {pinned or 'none'}", _because(context)
        yield context.diagnostic_at(path, codes.DRIVER_NOT_PINNED, message, help_=help_, notes=notes)


def _no_form(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """A required component that OLM cannot install."""
    declared = component.name in context.platform.declared_components
    wanted = component.ownership == "managed" if declared else _is_implied(context, component)
    if component.component.olm is None and wanted:
        message = f"this release cannot install {component.name} on {_title(context)}"
        path, help_ = (
            _at(component) if declared else _implied_by(context, component),
            "set ownership: external if it is already installed, otherwise remove it",
        )
        yield context.diagnostic_at(path, codes.NO_FORM_FOR_OLM, message, help_=help_, notes=_because(context))


def _is_implied(context: CheckContext, component: PlatformComponent) -> bool:
    """Whether the stack and sections of the blueprint require a component that it does not name."""
    if component.component.section == POOL_KATA and context.platform.kata.runtime is None:
        return False  # BP3501 reports the section itself
    if component.component.section == ALLOCATION and context.platform.declared_compute_domains:
        return False  # BP3342 reports computeDomains itself
    refuses = context.platform.cluster.distribution_facts.refuses
    refused = any(stack in refuses for stack in context.platform.stacks)
    return component.requested and component.component.belongs_to(context.platform.stacks) and not refused


def _implied_by(context: CheckContext, component: PlatformComponent) -> Path:
    """The fields that require a component without naming it: a pool's network, or a section."""
    networks = ((name, pool.network) for name, pool in context.pools.items())
    pool = next((name for name, network in networks if network and network.component == component.name), None)
    return (
        (*POOLS, pool, "network")
        if pool
        else (component.component.section_path if component.component.section else ("spec", "gpuStack"))
    )


def _without_image(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Parts of the operator's driver for which its bundle has no image."""
    olm = component.component.olm
    if olm is None or component.ownership != "managed":
        return
    for part in olm.without:
        for name, pool in context.pools.items():
            if pool.network and getattr(pool.network, part):
                message = f"the bundle of {component.name} for {_title(context)} has no image of {part}"
                path, code, notes = (*POOLS, name, "network", part), codes.DECIDED_BY_BUNDLE, _because(context)
                yield context.diagnostic_at(path, code, message, help_="remove it", notes=notes)


def _decided_by_bundle(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Settings that only our own manifests can implement."""
    olm = component.component.olm
    for name in _given(component) if olm else ():
        setting = component.component.settings.get(name)
        if olm and setting and (why := olm.refusal(name, setting)):
            message = f"{name} of {component.name} has no effect on {_title(context)}: {why}"
            path, code, notes = (*_at(component), "settings", name), codes.DECIDED_BY_BUNDLE, _because(context)
            yield context.diagnostic_at_key(path, code, message, help_="remove it", notes=notes)


def _approved_by_itself(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """InstallPlans that are never approved."""
    if component.olm and _given(component).get("installPlanApproval") == "Automatic":
        message = f"{component.name} would upgrade to every later version of its channel automatically"
        path, help_ = (
            (*_at(component), "settings", "installPlanApproval"),
            "use Manual, so that someone approves each upgrade",
        )
        yield context.diagnostic_at(path, codes.APPROVED_BY_ITSELF, message, help_=help_, fix="Manual")


def _runtime_too_old(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """The NRI plugin with a CRI-O version that does not support it."""
    minor = context.platform.cluster.kubernetes_minor
    switched_on = component.olm and _given(component).get("nriPlugin") is True
    if switched_on and version_key(minor) < version_key(NRI_FROM):
        message = (
            f"CRI-O {minor}, the container runtime of this {_title(context)} version, does not support the NRI plugin"
        )
        path, help_ = (*_at(component), "settings", "nriPlugin"), f"remove it, or run Kubernetes {NRI_FROM} or newer"
        yield context.diagnostic_at(path, codes.RUNTIME_TOO_OLD, message, help_=help_, notes=_because(context))


def _only_through_olm(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Settings for OLM if our own manifests install the component."""
    olm = component.component.olm
    for setting in olm.only if olm else ():
        if setting in component.given:
            message = f"{setting} is for the Operator Lifecycle Manager, which {_title(context)} does not have"
            path, code, notes = (*_at(component), "settings", setting), codes.ONLY_THROUGH_OLM, _because(context)
            yield context.diagnostic_at_key(path, code, message, help_="remove it", notes=notes)


_Check = Callable[[CheckContext, PlatformComponent], Iterator[Diagnostic]]
_THROUGH_OLM: tuple[_Check, ...] = (
    _no_form,
    _without_image,
    _decided_by_bundle,
    _approved_by_itself,
    _runtime_too_old,
)
_BY_MANIFESTS: tuple[_Check, ...] = (_only_through_olm,)
