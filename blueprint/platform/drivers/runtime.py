"""The container runtime of pods with GPUs, if it is not the default one of the nodes."""

from __future__ import annotations

from blueprint.catalog.distribution import WITH_CLAIMS, WITHOUT_OPERATOR
from blueprint.platform.drivers.model import DriverPool


def runtime_class_of_pods(pool: DriverPool) -> str | None:
    """The RuntimeClass that pods must name to get their GPUs; None if the default runtime gives them.

    The device plugin passes the GPUs as a variable that only NVIDIA's runtime reads, unless it passes them through CDI.
    An operator makes its runtime the default one, or uses CDI.
    """
    if pool.stack not in WITHOUT_OPERATOR or pool.stack in WITH_CLAIMS or pool.mode.toolkit != "host":
        return None
    plugin = pool.platform.component_with("deviceListStrategy")
    if plugin and str(plugin.settings["deviceListStrategy"]).startswith("cdi"):
        return None
    if plugin and plugin.settings["runtimeClass"]:
        return str(plugin.settings["runtimeClass"])
    cluster = pool.platform.cluster
    named = cluster.distribution_facts.named_runtime(cluster.os)
    return named.runtime_class if named else None
