"""Checks of the DRA driver without an operator: its API, its webhook, compute domains."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.dra import codes
from blueprint.platform.dra.api_versions import SERVED_FROM, newest_served
from blueprint.platform.drivers.model import ALWAYS
from blueprint.platform.paths import ALLOCATION, CLUSTER, COMPONENTS, POOLS
from blueprint.records import replace
from blueprint.source.paths import Path
from blueprint.versions import version_key

_KUBERNETES: Path = (*CLUSTER, "kubernetes")
_MOST_NODES = ("MAX_NODES_PER_IMEX_DOMAIN", 18)
"""The controller's variable, and its default value."""
_OF_GPUS = ("extendedResources", "draEnv", "draResources", "draHealthcheck", "draHealthcheckPort")
_OF_DOMAINS = (
    "computeDomainsEnv", "computeDomainsResources", "computeDomainsHealthcheck", "computeDomainsHealthcheckPort",
    "computeDomainsControllerEnv", "computeDomainsControllerResources", "controllerReplicas", "controllerPod",
    "computeDomainNamespaces",
)  # fmt: skip
_OF_CERT_MANAGER = ("webhookIssuer", "webhookIssuerKind", "webhookDnsNames")
_METRICS_PORTS = (8080, 8081)
"""The ports on which the two containers of the driver's pod export metrics."""
_ENABLED_FROM = "1.34"
"""The Kubernetes minor version that enables Dynamic Resource Allocation by default."""


def check_driver_alone(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the component that runs the driver without an operator, if it is managed."""
    component = context.platform.component_with("webhook")
    if component is None or component.ownership != "managed":
        return
    yield from _idle(context, component)
    yield from _kubernetes(context)
    yield from _api(context)
    yield from _extended(context)
    yield from _without_gpus(context, component)
    yield from _without_domains(context, component)
    yield from _domains(context)
    yield from _namespaces(context, component)
    yield from _webhook(context, component)
    yield from _policies(context, component)
    yield from _ports(context, component)


def _idle(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """The driver without anything to publish."""
    dra = context.platform.dra
    if not dra.publishes_gpus and not dra.compute_domains:
        message = f"{component.name} has nothing to do: pods request GPUs by number, and compute domains are disabled"
        help_ = "declare nvlinkDomain in a pool, set allocation: dra, or remove the component"
        yield context.diagnostic_at_key((*COMPONENTS, component.name), codes.DRIVER_IDLE, message, help_=help_)


def _kubernetes(context: CheckContext) -> Iterator[Diagnostic]:
    """Compute domains in addition to the device plugin, before Dynamic Resource Allocation is enabled by default."""
    platform = context.platform
    early = version_key(platform.cluster.kubernetes_minor) < version_key(_ENABLED_FROM)
    if early and platform.dra.compute_domains and not platform.dra.publishes_gpus:
        managed = platform.cluster.distribution_facts.managed_control_plane
        message = f"compute domains need DynamicResourceAllocation, which Kubernetes enables from {_ENABLED_FROM} on"
        message += f"; it cannot be enabled on {platform.cluster.distribution}" if managed else ""
        help_ = f"upgrade to {_ENABLED_FROM}, or enable the feature gate and the API as described in the prerequisites"
        found = context.diagnostic_at(_KUBERNETES, codes.DOMAINS_NEED_DRA, message, help_=help_)
        yield found if managed else replace(found, override=Severity.WARNING)


def _api(context: CheckContext) -> Iterator[Diagnostic]:
    """An API version that the API server does not serve."""
    declared, cluster = context.platform.setting("resourceApiVersion"), context.platform.cluster
    if declared is None:
        return
    path, newest = context.setting_path("resourceApiVersion"), newest_served(cluster.kubernetes_minor)
    notes = (context.note(_KUBERNETES, "Kubernetes set here"),)
    if version_key(cluster.kubernetes_minor) < version_key(SERVED_FROM[declared]):
        message = f"Kubernetes {cluster.kubernetes} does not serve resource.k8s.io/{declared}"
        yield context.diagnostic_at(path, codes.API_NOT_SERVED, message, help_=f"use {newest}", fix=newest, notes=notes)
    elif declared != newest:
        managed = cluster.distribution_facts.managed_control_plane
        message = f"Kubernetes {cluster.kubernetes} serves resource.k8s.io/{declared} only if it is enabled"
        message += f", which is not possible on {cluster.distribution}" if managed else ""
        help_ = f"use {newest}, or run the API server with --runtime-config=resource.k8s.io/{declared}=true"
        found = context.diagnostic_at(path, codes.API_NOT_SERVED, message, help_=help_, fix=newest, notes=notes)
        yield found if managed else replace(found, override=Severity.WARNING)


def _extended(context: CheckContext) -> Iterator[Diagnostic]:
    """Extended resources that claims should serve although the Kubernetes feature gate is disabled by default."""
    platform, devices = context.platform, context.platform.dra.devices
    if platform.setting("extendedResources") != ALWAYS or devices is None or not platform.dra.publishes_gpus:
        return
    path, gate = context.setting_path("extendedResources"), devices.fields["extendedResourceName"]
    if platform.dra.api_version != "v1":
        message = (
            f"resource.k8s.io/{platform.dra.api_version} does not support extended resources, so extendedResources has"
        )
        yield context.no_effect(path, context.setting_path("resourceApiVersion"), message)
    elif not gate.open_in(platform.cluster.kubernetes_minor):
        managed = platform.cluster.distribution_facts.managed_control_plane
        message = f"extendedResources needs the Kubernetes feature gate {gate.gate}, which is disabled by default in"
        message += f" {platform.cluster.kubernetes}"
        message += f", and it cannot be enabled on {platform.cluster.distribution}" if managed else ""
        notes = (context.note(_KUBERNETES, "Kubernetes set here"),)
        help_ = (
            f"use when-open, which waits for Kubernetes {gate.open_from}, where the feature gate is enabled by default"
        )
        found = context.diagnostic_at(path, codes.GATE_NEEDS_CLUSTER, message, help_=help_, notes=notes)
        yield found if managed else replace(found, override=Severity.WARNING)


def _without_gpus(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Settings of the container that publishes GPUs, although the device plugin allocates them."""
    for name in component.given if not context.platform.dra.publishes_gpus else ():
        if name in _OF_GPUS:
            message = f"pods request GPUs by number, so {name} has"
            yield context.no_effect(context.setting_path(name), ALLOCATION, message)


def _without_domains(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Settings of compute domains without any compute domain."""
    for name in component.given if not context.platform.dra.compute_domains else ():
        if name in _OF_DOMAINS:
            message = f"compute domains are disabled, so {name} has"
            yield context.no_effect(context.setting_path(name), context.setting_path("computeDomains"), message)


def _domains(context: CheckContext) -> Iterator[Diagnostic]:
    """NVLink domains with more nodes than the driver supports."""
    if not context.platform.dra.compute_domains:
        return
    variable, usual = _MOST_NODES
    declared = (context.platform.setting("computeDomainsControllerEnv") or {}).get(variable, str(usual))
    most = int(declared) if declared.isdigit() else usual
    for pool in context.gpu_pools:
        nodes = pool.topology.domain_nodes
        if nodes is not None and nodes > most:
            message = f"NVLink domains of pool {pool.name} have {nodes} nodes, but a compute domain has at most {most}"
            help_ = f'set computeDomainsControllerEnv: {{{variable}: "{nodes}"}}'
            path: Path = (*POOLS, pool.name, "nvlinkDomain")
            yield context.diagnostic_at_key(path, codes.DOMAIN_TOO_LARGE, message, help_=help_)


def _namespaces(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Additional namespaces that are invalid, or cannot contain objects of the driver."""
    for index, name in enumerate(component.given.get("computeDomainNamespaces") or ()):
        if name == component.namespace or name.startswith("kube-"):
            why = "is already the driver's own" if name == component.namespace else "belongs to Kubernetes"
            message = f"the namespace {name} {why}"
            path = (*context.setting_path("computeDomainNamespaces"), index)
            yield context.diagnostic_at(path, codes.DOMAIN_NAMESPACE, message, help_="remove it")


def _webhook(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """The certificate of the webhook."""
    given, secret = component.given, context.setting_path("webhookTlsSecret")
    if "webhookTlsSecret" not in given or not given.get("webhook"):
        return
    if (bundle := given.get("webhookCaBundle")) is None:
        message = "the API server cannot verify the certificate of webhookTlsSecret without webhookCaBundle"
        help_ = "set webhookCaBundle to its CA in base64, or remove webhookTlsSecret to use cert-manager"
        yield context.diagnostic_at(secret, codes.WEBHOOK_CERTIFICATE, message, help_=help_)
    elif not _is_certificates(bundle):
        message = "webhookCaBundle is not a PEM certificate in base64"
        path, help_ = context.setting_path("webhookCaBundle"), "encode the certificate with `base64 -w0 ca.crt`"
        yield context.diagnostic_at(path, codes.WEBHOOK_CERTIFICATE, message, help_=help_)
    for name in given:
        if name in _OF_CERT_MANAGER:
            message = f"webhookTlsSecret provides the certificate, so {name} has"
            yield context.no_effect(context.setting_path(name), secret, message)


def _is_certificates(bundle: str) -> bool:
    try:
        text = base64.b64decode(bundle, validate=True)
    except (binascii.Error, ValueError):
        return False
    return b"-----BEGIN CERTIFICATE-----" in text and b"-----END CERTIFICATE-----" in text


def _policies(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """NetworkPolicies for programs that are not installed."""
    there = {"controller": context.platform.dra.compute_domains, "webhook": bool(component.given.get("webhook"))}
    because = {"controller": "computeDomains", "webhook": "webhook"}
    for index, name in enumerate(component.given.get("networkPolicies") or ()):
        if not there.get(name, True):
            path: Path = (*COMPONENTS, component.name, "settings", "networkPolicies", index)
            why = context.setting_path(because[name])
            yield context.no_effect(path, why, f"the {name} is not installed, so {name} has")


def _ports(context: CheckContext, component: PlatformComponent) -> Iterator[Diagnostic]:
    """Health ports on which the driver already exports metrics."""
    if component.given.get("metrics") is False:
        return
    for name in ("draHealthcheckPort", "computeDomainsHealthcheckPort"):
        if component.given.get(name) in _METRICS_PORTS:
            message = (
                f"{name} is {component.given[name]}, but the DRA driver's pod already exports metrics on that port"
            )
            help_ = "use another port, or set metrics: false"
            yield context.diagnostic_at(context.setting_path(name), codes.DRA_PORTS, message, help_=help_)
