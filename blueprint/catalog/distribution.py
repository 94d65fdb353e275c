"""A distribution of Kubernetes: its node images, and who brings driver, toolkit and device plugin on them.

Every managed cloud has several modes that are mutually exclusive: a node pool is in exactly one, and halves of two give
nodes on which pods never start.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.records import Record, field

Owner = Literal["operator", "host", "provider"]
Part = Literal["driver", "toolkit", "devicePlugin"]
"""A part of the node stack that somebody owns, as blueprints and components name it."""
Stack = Literal["clusterPolicy", "gpuCluster", "standalone", "standaloneDra"]
"""The software that brings GPUs to pods. `clusterPolicy` and `gpuCluster` are the GPU Operator with the device plugin
and with the DRA driver, named after the resource that describes each; `standalone` and `standaloneDra` are the
components without the operator, with the device plugin and with the DRA driver."""
STACKS: tuple[Stack, ...] = ("clusterPolicy", "gpuCluster", "standalone", "standaloneDra")
IN_BLUEPRINT: dict[Stack, str] = {
    "clusterPolicy": "gpuStack: operator with allocation: devicePlugin",
    "gpuCluster": "gpuStack: operator with allocation: dra",
    "standalone": "gpuStack: standalone",
    "standaloneDra": "gpuStack: standalone with allocation: dra",
}
"""How a blueprint declares each stack."""
WITH_DEVICE_PLUGIN: tuple[Stack, ...] = ("clusterPolicy", "standalone")
WITH_CLAIMS: tuple[Stack, ...] = ("gpuCluster", "standaloneDra")
"""The stacks in which the DRA driver hands out GPUs."""
WITHOUT_OPERATOR: tuple[Stack, ...] = ("standalone", "standaloneDra")
"""The stacks without the GPU Operator."""
Family = Annotated[str, Matching(r"\*|[a-z]+", "the first word of cluster.os, or * for every other one")]
Directory = Annotated[str, Matching(r"(/[A-Za-z0-9._-]+)+", "an absolute path")]


class Mode(Record, kw_only=True):
    """One way to own the node stack.

    Attributes:
        driver: Who brings the driver: `operator` (this platform), `host` (the node image) or `provider`.
        toolkit: Who brings the container toolkit and sets up the runtime.
        device_plugin: Who advertises the GPUs: the device plugin, or in the stacks with claims the DRA driver.
        means: What the mode is called, for people.
        stacks: The stacks that it works with.
        runtime_class: Name of the RuntimeClass that the GPU stack's pods run with.
        needs: What must be done outside of Kubernetes, in whole sentences.
    """

    driver: Owner
    toolkit: Owner
    device_plugin: Owner
    means: Text
    stacks: tuple[Stack, ...] = WITH_DEVICE_PLUGIN
    runtime_class: Text = "nvidia"
    needs: tuple[Text, ...] = ()

    def fits(self, stack: str, *wanted: str | None) -> bool:
        """Whether this is what a pool says of driver, toolkit and device plugin; None says nothing."""
        own = (self.driver, self.toolkit, self.device_plugin)
        return stack in self.stacks and all(value in (None, mine) for value, mine in zip(wanted, own, strict=True))

    def owner(self, part: Part) -> Owner:
        """Who brings a part."""
        return {"driver": self.driver, "toolkit": self.toolkit, "devicePlugin": self.device_plugin}[part]

    def __str__(self) -> str:
        return f"driver {self.driver}, toolkit {self.toolkit}, devicePlugin {self.device_plugin} ({self.means})"


class NodeImage(Record, kw_only=True):
    """A family of node images.

    Attributes:
        modes: The ways to own its node stack, the usual one first.
        driver_root: Where driver files are, or will be.
        provider_driver: Where the provider's driver files are, if not at the root of the host.
        toolkit_root: Where the container toolkit is put.
        toolkit_env: What the container toolkit must be told about the runtime.
        toolkit_env_forbidden: Variables that break it here.
        mig_manager: Whether MIG can be set up from inside; `reboot`: only by restarting the node.
    """

    modes: tuple[Mode, ...]
    driver_root: Directory = "/run/nvidia/driver"
    provider_driver: Directory | None = None
    toolkit_root: Directory = "/usr/local/nvidia"
    toolkit_env: Mapping[Text, Text] = field(default_factory=dict)
    toolkit_env_forbidden: tuple[Text, ...] = ()
    mig_manager: Literal["yes", "reboot", "no"] = "yes"


class NamedRuntime(Record, kw_only=True):
    """NVIDIA's container runtime where it is not the default one: its RuntimeClass, and who brings it."""

    runtime_class: Text
    needs: tuple[Text, ...]


class NodeGroups(Record, kw_only=True):
    """How a provider marks the nodes of one of its pools: the label that names it, and the value of its GPU taint."""

    label: Text
    taint: Text = "true"


class ProviderFabric(Record, kw_only=True):
    """A fabric of which the provider alone brings the driver, and what must be done for it, in whole sentences."""

    needs: tuple[Text, ...]


class Distribution(CatalogueFile, kw_only=True):
    """A way to package Kubernetes.

    Attributes:
        distribution: Its value in `cluster.distribution`.
        title: Its name, for people.
        default_os: The default of `cluster.os`.
        images: Its node images by family.
        operators: How operators are installed: by our `manifests`, or by the Operator Lifecycle Manager (`olm`).
        versions: Its own version for each minor of Kubernetes, where it has versions of its own.
        registries: Hosts that it pulls from by itself, for what it brings.
        kubelet_root: The kubelet's directory, where it cannot be changed.
        refuses: The stacks that no mode knows, each with the reason.
        critical_pods: `quota`: pods of the system's priority classes need a ResourceQuota that allows them.
        needs: What must be true of every such cluster, in whole sentences.
        toolkit_needs: The same, where our container toolkit sets up the runtime; `{socket}` is containerd's.
        named_runtimes: By family of node images, how pods reach NVIDIA's runtime where it is not the default one.
        managed_control_plane: Whether only the provider can open Kubernetes feature gates.
        resets_reboot: Whether a GPU that must be reset usually takes a restart of its machine.
        bare_metal: Whether nodes may be machines without a hypervisor.
        pools: How the provider marks nodes by their pool; None where it does not.
        fabrics: What is the provider's alone, by fabric.
        user_prometheus: Namespace of a Prometheus of user projects, which may not read the whole cluster.
        sources: Where all this was read.
    """

    distribution: Text
    title: Text
    default_os: Text
    images: Mapping[Family, NodeImage]
    operators: Literal["manifests", "olm"] = "manifests"
    versions: Mapping[Text, Text] = field(default_factory=dict)
    registries: tuple[Text, ...] = ()
    kubelet_root: Directory | None = None
    refuses: Mapping[Text, Text] = field(default_factory=dict)
    critical_pods: Literal["anywhere", "quota"] = "anywhere"
    needs: tuple[Text, ...] = ()
    toolkit_needs: tuple[Text, ...] = ()
    named_runtimes: Mapping[Family, NamedRuntime] = field(default_factory=dict)
    managed_control_plane: bool = False
    resets_reboot: bool = False
    bare_metal: bool = False
    pools: NodeGroups | None = None
    fabrics: Mapping[Text, ProviderFabric] = field(default_factory=dict)
    user_prometheus: Text | None = None
    sources: tuple[Text, ...]

    def image(self, system: str) -> NodeImage | None:
        """The family that a system belongs to; None where the distribution does not run it."""
        return self.images.get(system.partition("-")[0]) or self.images.get("*")

    def named_runtime(self, system: str) -> NamedRuntime | None:
        """How pods reach NVIDIA's runtime on a system that does not have it as the default one."""
        return self.named_runtimes.get(system.partition("-")[0]) or self.named_runtimes.get("*")

    def mode(self, system: str, stack: str, *wanted: str | None) -> Mode | None:
        """The first mode that fits what a pool says of driver, toolkit and device plugin; None if none does."""
        return next((mode for mode in self.modes(system) if mode.fits(stack, *wanted)), None)

    def modes(self, system: str) -> tuple[Mode, ...]:
        """All modes of a system's images."""
        image = self.image(system)
        return image.modes if image else ()
