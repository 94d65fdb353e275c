"""Determines who decides what nodes offer: this platform, or a device plugin that is not visible here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import USERS
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.patterns import lazy_pattern

OF_NVIDIA = lazy_pattern(r"nvidia\.com/(gpu|pgpu|nvswitch|mig-[0-9]+g\.[0-9]+gb.*?)(\.shared)?")
"""Resources of the device plugins in NVIDIA's GPU stack. Others with the same domain come from other plugins."""
OF_HAMI = lazy_pattern(r"nvidia\.com/(gpumem|gpumem-percentage|gpucores|priority)")
"""Resources that HAMi's scheduler reads in addition to the number of GPUs; no device plugin offers them."""
DEVICE_PLUGIN = "k8s-device-plugin"
"""The last part of the image name of NVIDIA's device plugin, and the other programs in that image."""
_CONFIGURED = lazy_pattern(r"CONFIG_FILE|--config-file\b.*|-config-file\b.*")


def is_decided_here(context: RuleContext) -> bool:
    """Whether the GPU resources of nodes are determined by the pools, or by manifests that are all among the
    objects.
    """
    return context.once(_is_decided_here)


def _is_decided_here(context: RuleContext) -> bool:
    if all(pool.exact for pool in context.pools):
        return True
    plugins = [each for pod in context.pods if pod.subject.component == USERS for each in _plugins(pod)]
    return bool(plugins) and not any(_is_configured(each, pod, context) for pod, each in plugins)


def program(container: Mapping[Any, Any]) -> str:
    """The last part of a container's image name, without registry, tag and digest."""
    return str(container.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]


def _plugins(pod: DescribedPod) -> Iterator[tuple[DescribedPod, Mapping[Any, Any]]]:
    """The containers of a pod that run NVIDIA's device plugin."""
    for _, container in pod.containers:
        if program(container) == DEVICE_PLUGIN:
            yield pod, container


def _is_configured(container: Mapping[Any, Any], pod: DescribedPod, context: RuleContext) -> bool:
    """Whether the plugin has a configuration, or may get one from something that is not among the manifests."""
    arguments = [*items(container.get("command")), *items(container.get("args"))]
    arguments += [mapping(each).get("name") for each in items(container.get("env"))]
    for each in map(mapping, items(container.get("envFrom"))):
        name = mapping(each.get("configMapRef")).get("name")
        found = context.find("ConfigMap", str(name), pod.subject.id.namespace)
        if found is None:
            return True
        arguments += mapping(found.data.get("data"))
    return any(_CONFIGURED.fullmatch(str(each)) for each in arguments)
