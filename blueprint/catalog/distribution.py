"""A Kubernetes distribution: its node images, and who provides driver, toolkit and device plugin on them.

Every managed cloud has several modes that are mutually exclusive. A node pool uses exactly one of them; mixing two
results in nodes on which pods never start.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.records import Record, field

Owner = Literal["operator", "host", "provider"]
Part = Literal["driver", "toolkit", "devicePlugin"]
"""A part of the node stack that has an owner, as named in blueprints and components."""
Stack = Literal["clusterPolicy", "gpuCluster", "standalone", "standaloneDra"]
"""The software that makes GPUs available to pods. `clusterPolicy` and `gpuCluster` are the GPU Operator with the device
plugin and with the DRA driver, named after their custom resources; `standalone` and `standaloneDra` are the components
without the operator, with the device plugin and with the DRA driver.
"""
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
"""The stacks in which the DRA driver allocates GPUs."""
WITHOUT_OPERATOR: tuple[Stack, ...] = ("standalone", "standaloneDra")
"""The stacks without the GPU Operator."""
Family = Annotated[str, Matching(r"\*|[a-z]+", "the first word of cluster.os, or * for every other one")]
Directory = Annotated[str, Matching(r"(/[A-Za-z0-9._-]+)+", "an absolute path")]


class Mode(Record, kw_only=True):
    """One combination of owners of the node stack.

    Attributes:
        driver: Who provides the driver: `operator` (this platform), `host` (the node image) or `provider`.
        toolkit: Who provides the container toolkit and configures the runtime.
        device_plugin: Who advertises the GPUs: the device plugin, or, in the stacks with claims, the DRA driver.
        means: The display name of the mode.
        stacks: The stacks that it works with.
        runtime_class: Name of the RuntimeClass of the GPU stack's pods.
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
        """Whether it matches a pool's owners of driver, toolkit and device plugin; None matches any."""
        own = (self.driver, self.toolkit, self.device_plugin)
        return stack in self.stacks and all(value in (None, mine) for value, mine in zip(wanted, own, strict=True))

    def owner(self, part: Part) -> Owner:
        """The owner of a part."""
        return {"driver": self.driver, "toolkit": self.toolkit, "devicePlugin": self.device_plugin}[part]

    def __str__(self) -> str:
        return f"driver {self.driver}, toolkit {self.toolkit}, devicePlugin {self.device_plugin} ({self.means})"


class NodeImage(Record, kw_only=True):
    """A family of node images.

    Attributes:
        modes: The possible owners of its node stack, the usual mode first.
        driver_root: The folder of the driver files, existing or future.
        provider_driver: The folder of the provider's driver files, if it is not the root of the host.
        toolkit_root: The installation folder of the container toolkit.
        toolkit_env: Variables that tell the container toolkit about the runtime.
        toolkit_env_forbidden: Variables that break it here.
        mig_manager: Whether MIG can be configured while the node runs; `reboot`: only by restarting it.
    """

    modes: tuple[Mode, ...]
    driver_root: Directory = "/run/nvidia/driver"
    provider_driver: Directory | None = None
    toolkit_root: Directory = "/usr/local/nvidia"
    toolkit_env: Mapping[Text, Text] = field(default_factory=dict)
    toolkit_env_forbidden: tuple[Text, ...] = ()
    mig_manager: Literal["yes", "reboot", "no"] = "yes"


class NamedRuntime(Record, kw_only=True):
    """NVIDIA's container runtime if it is not the default one: its RuntimeClass, and who provides it."""

    runtime_class: Text
    needs: tuple[Text, ...]


class NodeGroups(Record, kw_only=True):
    """How a provider marks the nodes of its pools: the label with the pool's name, and the value of the GPU taint."""

    label: Text
    taint: Text = "true"


class ProviderFabric(Record, kw_only=True):
    """A fabric whose driver only the provider can supply, and the necessary steps, in whole sentences."""

    needs: tuple[Text, ...]


class Distribution(CatalogueFile, kw_only=True):
    """A Kubernetes distribution.

    Attributes:
        distribution: Its value in `cluster.distribution`.
        title: The display name.
        default_os: The default of `cluster.os`.
        images: Its node images by family.
        operators: How operators are installed: by our `manifests`, or by the Operator Lifecycle Manager (`olm`).
        versions: Its own version for each Kubernetes minor version, if it has its own versions.
        registries: Hosts from which it pulls its own images.
        kubelet_root: The kubelet's directory, if it cannot be changed.
        refuses: The stacks that no mode supports, each with the reason.
        critical_pods: `quota`: pods with system priority classes need a ResourceQuota that allows them.
        needs: Requirements on every such cluster, in whole sentences.
        toolkit_needs: The same, if our container toolkit configures the runtime; `{socket}` is containerd's.
        named_runtimes: By family of node images, how pods select NVIDIA's runtime if it is not the default one.
        managed_control_plane: Whether only the provider can enable Kubernetes feature gates.
        resets_reboot: Whether resetting a GPU usually requires a restart of its machine.
        bare_metal: Whether nodes may be machines without a hypervisor.
        pools: How the provider marks nodes by their pool; None if it does not.
        fabrics: Fabrics that only the provider supports.
        user_prometheus: Namespace of a Prometheus for user projects, which cannot read the whole cluster.
        sources: The sources of this information.
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
        """The family of a system's images; None if the distribution does not run it."""
        return self.images.get(system.partition("-")[0]) or self.images.get("*")

    def named_runtime(self, system: str) -> NamedRuntime | None:
        """How pods select NVIDIA's runtime on a system where it is not the default one."""
        return self.named_runtimes.get(system.partition("-")[0]) or self.named_runtimes.get("*")

    def mode(self, system: str, stack: str, *wanted: str | None) -> Mode | None:
        """The first mode that matches a pool's owners of driver, toolkit and device plugin; None if none does."""
        return next((mode for mode in self.modes(system) if mode.fits(stack, *wanted)), None)

    def modes(self, system: str) -> tuple[Mode, ...]:
        """All modes of a system's images."""
        image = self.image(system)
        return image.modes if image else ()
