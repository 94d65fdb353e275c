"""Checks of the cluster: Kubernetes, distribution, operating system, and image registries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.catalog.distribution import IN_BLUEPRINT
from blueprint.catalog.releases import image_system
from blueprint.diagnostics import Diagnostic, Note, Severity, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster import codes
from blueprint.platform.paths import CLUSTER
from blueprint.records import replace
from blueprint.source.paths import Path

_ALIKE = 0.8
"""How similar the names of families are that may be misspelt: `rhl` and `rhel`, not `cos` and `rhcos`."""


def check_kubernetes(context: CheckContext) -> Iterator[Diagnostic]:
    """Check Kubernetes against the release."""
    release, minor = context.release, context.platform.cluster.kubernetes_minor
    if minor not in release.kubernetes.value:
        message = f"release {release.release} is not supported on Kubernetes {minor}"
        help_ = f"supported versions: {', '.join(release.kubernetes.value)} ({release.kubernetes.source})"
        yield context.diagnostic_at((*CLUSTER, "kubernetes"), codes.KUBERNETES_UNSUPPORTED, message, help_=help_)


def check_mirrors(context: CheckContext) -> Iterator[Diagnostic]:
    """Report mirrors of registries from which no image is pulled."""
    components = (each.component for each in context.platform.release_components.values())
    hosts = {image.repository.partition("/")[0] for each in components for image in each.images.values()}
    hosts |= set(context.platform.cluster.distribution_facts.registries)
    for host in context.platform.cluster.mirrors:
        if host != "*" and host not in hosts:
            path: Path = (*CLUSTER, "registries", "mirrors", host)
            near = nearest(host, hosts)
            help_ = f"did you mean {near}?" if near else f"images are pulled from {', '.join(sorted(hosts))}"
            message = f"no image is pulled from {host}, so its mirror has no effect"
            yield context.diagnostic_at_key(path, codes.MIRROR_UNUSED, message, help_=help_, fix=near)


def check_system(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the operating system of the GPU nodes against the distribution."""
    distribution, system = context.platform.cluster.distribution_facts, context.platform.cluster.os
    if distribution.image(system) is None:
        message = f"{distribution.title} does not support GPU nodes with {system}"
        help_ = f"supported systems: {', '.join(distribution.images)}; default: {distribution.default_os}"
        path, code, notes = (*CLUSTER, "os"), codes.SYSTEM_NOT_RUN, _because(context)
        yield context.diagnostic_at(path, code, message, help_=help_, notes=notes)


def check_system_in_release(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the operating system against the release, if the operator installs a driver on it."""
    system, systems = context.platform.cluster.os, context.release.operating_systems.value
    drives = any(pool.driver.enabled and not pool.mode_conflict for pool in context.gpu_pools)
    if drives and system not in systems and context.platform.cluster.distribution_facts.image(system) is not None:
        message = f"release {context.release.release} has no driver for {system}"
        help_, fix = _instead_of_system(context, system, systems), _likely_system(system, systems)
        found = context.diagnostic_at((*CLUSTER, "os"), codes.OS_UNSUPPORTED, message, help_=help_, fix=fix)
        alike = [each for each in systems if "." in system and image_system(each) == image_system(system)]
        if alike:
            message = (
                f"release {context.release.release} was not tested on {system}; it uses the driver image of {alike[-1]}"
            )
            found = replace(found, message=message, override=Severity.WARNING)
        yield found


def _likely_system(system: str, systems: Sequence[str]) -> str | None:
    """The supported system that a name misspells: one of the same family, or of a family with a similar name."""
    family = nearest(_family(system), {_family(each) for each in systems}, cutoff=_ALIKE)
    return nearest(system, [each for each in systems if _family(each) == family]) if family else None


def _instead_of_system(context: CheckContext, system: str, systems: Sequence[str]) -> str:
    """The distribution whose nodes have this system, or else the supported systems."""
    family = _family(system)
    if family not in map(_family, systems) and (its := context.catalog.distribution_with(family)):
        return f"use distribution: {its.distribution}, whose nodes run {family}"
    known = ", ".join(systems)
    return f"supported systems: {known}; on others, use a node image with the driver, and owner: {{driver: host}}"


def _family(system: str) -> str:
    return system.partition("-")[0]


def check_distribution(context: CheckContext) -> Iterator[Diagnostic]:
    """Report what the distribution has not released, does not run, or determines itself."""
    yield from _no_such_release(context)
    yield from _stack_not_run(context)
    yield from _kubelet_elsewhere(context)


def _no_such_release(context: CheckContext) -> Iterator[Diagnostic]:
    """A Kubernetes minor version that no supported release of the distribution has."""
    platform, release = context.platform, context.release
    versions, minor, title = (
        platform.cluster.distribution_facts.versions,
        platform.cluster.kubernetes_minor,
        platform.cluster.distribution_facts.title,
    )
    if versions and minor not in versions and minor in release.kubernetes.value:
        message = f"release {release.release} supports no version of {title} with Kubernetes {minor}"
        known = ", ".join(f"{kubernetes} ({title} {own})" for kubernetes, own in versions.items())
        path, code, notes = (*CLUSTER, "kubernetes"), codes.NO_SUCH_RELEASE, _because(context)
        yield context.diagnostic_at(path, code, message, help_=f"supported versions: {known}", notes=notes)


def _stack_not_run(context: CheckContext) -> Iterator[Diagnostic]:
    """A GPU stack for which the distribution has no mode."""
    distribution = context.platform.cluster.distribution_facts
    for stack in context.platform.stacks:
        if why := distribution.refuses.get(stack):
            message = f"{distribution.title} does not support {IN_BLUEPRINT[stack]}: {why}"
            path, code, help_ = context.stack_path(stack), codes.STACK_NOT_RUN, f"use {IN_BLUEPRINT['clusterPolicy']}"
            yield context.diagnostic_at(path, code, message, notes=_because(context), help_=help_)


def _kubelet_elsewhere(context: CheckContext) -> Iterator[Diagnostic]:
    """A kubelet directory that cannot be configured."""
    distribution = context.platform.cluster.distribution_facts
    if distribution.kubelet_root not in (None, context.platform.cluster.kubelet_root):
        message = f"the kubelet of {distribution.title} always keeps its files under {distribution.kubelet_root}"
        path, code = (*CLUSTER, "kubeletRoot"), codes.KUBELET_ELSEWHERE
        yield context.diagnostic_at(path, code, message, notes=_because(context), help_="remove it")


def _because(context: CheckContext) -> tuple[Note, ...]:
    return (context.note((*CLUSTER, "distribution"), "distribution set here"),)
