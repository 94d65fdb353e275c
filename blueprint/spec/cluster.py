"""`spec.cluster`: the cluster that the platform is for."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import ABSOLUTE_PATH, KUBERNETES, SYSTEM, UID, Host, LabelKeys, Names, Repository

VANILLA: Final = "vanilla"
"""The default distribution: unmodified upstream Kubernetes."""
_WITHOUT_ENTRY = (
    "ack", "capi", "cke", "coreweave", "crusoe", "digitalocean", "doks", "eks-anywhere", "gardener", "ibm", "iks",
    "k0s", "kind", "kops", "kubeadm", "kubernetes", "kubespray", "lambda", "lke", "minikube", "nebius", "oci",
    "oke", "ovh", "scaleway", "tanzu", "tke", "tkg", "upstream", "vke", "vks",
)  # fmt: skip
_HELP = "it has no entry of its own: it is distribution: vanilla, and os says the system of its GPU nodes"


class Registries(Model):
    """The registries from which images are pulled."""

    mirrors: dict[Host, Repository] = Field(
        examples=[{"nvcr.io": "reg.acme.example/nvcr", "*": "reg.acme.example/mirror"}],
        default={},
        description='Registry host to the mirror that stands in for it; "*" is every other registry.',
    )
    pull_secrets: Names = Field(
        examples=[["reg-pull"]],
        default=(),
        description="Secrets of type dockerconfigjson, by name, that exist in the components' namespaces.",
    )


class Cluster(Model):
    """The cluster that the platform is for."""

    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {
        "distribution": {
            **dict.fromkeys(_WITHOUT_ENTRY, (VANILLA, _HELP)),
            "talos": (VANILLA, "Talos is distribution: vanilla with os: talos-VERSION and gpuStack: standalone"),
            **dict.fromkeys(("ocp", "okd", "rosa", "aro"), ("openshift", "it is distribution: openshift")),
        }
    }

    OTHER_FORMS: ClassVar[dict[str, tuple[tuple[str, str | None, str | None], ...]]] = {
        "kubernetes": ((r"v?(1\.\d+(\.\d+)?)([-+].*)?", r"\1", None),),
        "os": (
            (r"(?:al|amazonlinux|amzn)-?(2|2023)(?:\..*)?", r"amazonlinux-\1", None),
            (r"([a-z]+)[-_ ]?(\d+(?:\.\d+)?)(?:\..*)?", r"\1-\2", None),
        ),
    }

    kubernetes: Annotated[str, Field(pattern=KUBERNETES)] = Field(
        examples=["1.36.3", "1.36"],
        description="Kubernetes version, with or without the patch. Every object is checked against its API.",
    )
    distribution: Literal["vanilla", "eks", "gke", "aks", "openshift", "rke2", "k3s", "microk8s"] = Field(
        default=VANILLA,
        description="Kubernetes distribution. Determines paths, the default owner of the driver, and prerequisites.",
    )
    os: Annotated[str, Field(pattern=SYSTEM)] | None = Field(
        examples=["ubuntu-24.04", "rhel-9.6"],
        default=None,
        description="Operating system of the GPU nodes; part of the driver image's tag. Default: ubuntu-24.04; "
        "amazonlinux-2023 on eks, cos on gke, rhcos on openshift.",
    )
    kubelet_root: Annotated[str, Field(pattern=ABSOLUTE_PATH)] = Field(
        examples=["/var/lib/k0s/kubelet"],
        default="/var/lib/kubelet",
        description="The kubelet's directory on the GPU nodes, if it is not the default.",
    )
    uid: Annotated[str, Field(pattern=UID)] | None = Field(
        examples=["4f0c2f5e-0000-4000-8000-000000000000"],
        default=None,
        description="UID of the kube-system namespace; apply refuses any other cluster.",
    )
    topology: LabelKeys = Field(
        examples=[["acme.example/block", "acme.example/rack", "kubernetes.io/hostname"]],
        default=(),
        description="Node labels that describe the location of a node, widest first: block, rack, "
        "kubernetes.io/hostname.",
    )
    registries: Registries = Field(
        examples=[{"pullSecrets": ["reg-pull"]}],
        default={},
        validate_default=True,
        description="Where images are pulled from.",
    )
