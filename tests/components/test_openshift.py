"""The objects rendered for OpenShift: Subscriptions and custom resources, and nothing that a bundle installs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.components import Component
from blueprint.diagnostics import Severity
from blueprint.platform.model import Platform
from blueprint.platform.prerequisites import prerequisites
from blueprint.render.images import pulled_images
from tests.components.test_spine_components import another
from tests.support.platforms import diagnostics_of, rendered

RenderPlatform = Callable[[str], tuple[Platform, list[Object]]]
BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: demo}}
spec:
  release: "2026.11"
  cluster: {{distribution: openshift, kubernetes: "{kubernetes}"{cluster}}}
  components: {{{components}}}
  nodePools:
    one: {{nodes: 1, selector: {{pool: one}}, gpu: {{product: H100-SXM5-80GB, count: 8}}{one}}}
    two: {{nodes: 1, selector: {{pool: two}}, gpu: {{product: L4, count: 1}}}}
"""
WATCHED = "  observability: {{prometheus: {{namespace: {namespace}, selectorLabels: {{release: kps}}}}}}\n"
BROUGHT = {"Deployment", "DaemonSet", "ClusterRole", "ClusterRoleBinding", "ServiceAccount", "CustomResourceDefinition"}
SWITCHES = ("dcgm", "drain", "exporterPodLabels", "nodeStatusExporter")
"""Settings without which other settings of the GPU Operator have no effect."""
PINNED = re.compile(r"sha256:[0-9a-f]{64}")


def text(kubernetes: str = "1.34", cluster: str = "", components: str = "", one: str = "") -> str:
    return BLUEPRINT.format(kubernetes=kubernetes, cluster=cluster, components=components, one=one)


def watched(namespace: str) -> str:
    return text() + WATCHED.format(namespace=namespace)


def named(objects: list[Object], kind: str, name: str) -> dict[str, Any]:
    [found] = [one.data for one in objects if (one.id.kind, one.id.name) == (kind, name)]
    return found


def through_olm() -> Iterator[Component]:
    for name in load_catalog().components:
        component = load_catalog().component(name)
        if component and component.olm:
            yield component


def settings(*, refused: bool) -> list[tuple[str, str]]:
    """Settings by component that have an effect on OpenShift, or that have none."""
    return [
        (component.name, name)
        for component in through_olm()
        for name, setting in component.settings.items()
        if component.olm and bool(component.olm.refusal(name, setting)) is refused
    ]


def test_nothing_that_the_bundles_bring_is_rendered(render_platform_of: RenderPlatform) -> None:
    _, objects = render_platform_of(text())
    kinds = {one.id.kind for one in objects}
    assert not kinds & BROUGHT
    assert {"Namespace", "OperatorGroup", "Subscription", "ClusterPolicy", "NodeFeatureDiscovery"} <= kinds


def test_subscriptions_come_before_everything_that_needs_them(render_platform_of: RenderPlatform) -> None:
    _, objects = render_platform_of(text())
    kinds = [one.id.kind for one in objects]
    last = max(place for place, kind in enumerate(kinds) if kind == "Subscription")
    assert set(kinds[: last + 1]) == {"Namespace", "OperatorGroup", "Subscription"}


def test_one_version_is_wished_for_and_a_person_approves_it(render_platform_of: RenderPlatform) -> None:
    """Channel and version are those of the bundle's metadata: NVIDIA gpu-operator v26.7.0, bundle/."""
    _, objects = render_platform_of(text())
    assert named(objects, "Subscription", "gpu-operator-certified")["spec"] == {
        "name": "gpu-operator-certified",
        "channel": "v26.7",
        "source": "certified-operators",
        "sourceNamespace": "openshift-marketplace",
        "installPlanApproval": "Manual",
        "startingCSV": "gpu-operator-certified.v26.7.0",
    }
    wish = named(objects, "Subscription", "nfd")["spec"]
    assert (wish["channel"], wish["source"], wish["installPlanApproval"]) == ("stable", "redhat-operators", "Manual")
    assert "startingCSV" not in wish
    for one in objects:
        if one.id.kind == "OperatorGroup":
            assert one.data["spec"] == {"targetNamespaces": [one.id.namespace]}


def test_the_policy_leaves_images_to_the_bundle_but_pins_the_driver_of_the_branch(
    render_platform_of: RenderPlatform,
) -> None:
    _, objects = render_platform_of(text(cluster=", registries: {mirrors: {nvcr.io: mirror.acme.example/nvcr}}"))
    spec = named(objects, "ClusterPolicy", "gpu-cluster-policy")["spec"]
    digest = load_catalog().release("2026.11").driver.branches["595"].digest  # type: ignore[union-attr]
    said = {name: part for name, part in spec.items() if isinstance(part, dict) and "repository" in part}
    assert list(said) == ["driver"]
    assert (spec["driver"]["repository"], spec["driver"]["image"]) == ("nvcr.io/nvidia", "driver")
    assert spec["driver"]["version"] == digest
    assert spec["operator"]["use_ocp_driver_toolkit"] is True
    assert "mirror.acme.example" not in json.dumps([one.data for one in objects])


def test_other_clusters_have_no_driver_toolkit_image(render_platform_of: RenderPlatform) -> None:
    _, objects = render_platform_of(text().replace("distribution: openshift, ", ""))
    assert "use_ocp_driver_toolkit" not in named(objects, "ClusterPolicy", "cluster-policy")["spec"]["operator"]


def test_pools_with_drivers_of_their_own_pin_each_by_its_digest(render_platform_of: RenderPlatform) -> None:
    _, objects = render_platform_of(text(one=', driver: {branch: "580"}'))
    versions = {one.id.name: one.data["spec"]["version"] for one in objects if one.id.kind == "NVIDIADriver"}
    assert all(PINNED.fullmatch(version) for version in versions.values())
    assert len(set(versions.values())) == len(versions) > 1


def test_images_are_the_bundles_after_mirrors_each_with_its_digest(render_platform_of: RenderPlatform) -> None:
    """The operator's own digest is a placeholder in the bundle that was read; images of NFD are decided by Red Hat."""
    cluster = ", registries: {mirrors: {nvcr.io: mirror.acme.example/nvcr}}"
    platform, objects = render_platform_of(text(cluster=cluster, components="gpu-operator: {settings: {dcgm: true}}"))
    images = {image.ref: image.digest for image in pulled_images(platform, objects)}
    assert all(ref.startswith("mirror.acme.example/nvcr/nvidia/") for ref in images)
    assert images["mirror.acme.example/nvcr/nvidia/cloud-native/dcgm:4.6.0-1-ubi10"]
    assert not any("node-feature-discovery" in ref for ref in images)
    without = [ref for ref, digest in images.items() if digest is None and "@sha256:" not in ref]
    assert without == ["mirror.acme.example/nvcr/nvidia/gpu-operator:v26.7.0"]


def test_an_image_whose_tag_names_a_system_is_listed_by_its_digest(render_platform_of: RenderPlatform) -> None:
    components = "network-operator: {ownership: external}"
    platform, objects = render_platform_of(
        text(components=components, one=", network: {fabric: infiniband, gdrcopy: true}")
    )
    [ref] = [image.ref for image in pulled_images(platform, objects) if "gdrdrv" in image.ref]
    assert PINNED.fullmatch(ref.removeprefix("nvcr.io/nvidia/cloud-native/gdrdrv@"))


@pytest.mark.parametrize(
    ("namespace", "label"),
    [("openshift-monitoring", "true"), ("monitoring", "false")],
)
def test_one_prometheus_reads_the_operators_namespace(
    render_platform_of: RenderPlatform, namespace: str, label: str
) -> None:
    """OpenShift's own Prometheus reads no monitors in their own namespaces, so these are beside the operator."""
    _, objects = render_platform_of(watched(namespace))
    labels = named(objects, "Namespace", "nvidia-gpu-operator")["metadata"]["labels"]
    assert labels["openshift.io/cluster-monitoring"] == label
    places = {one.id.namespace for one in objects if one.id.kind in {"ServiceMonitor", "PrometheusRule"}}
    assert places == {"nvidia-gpu-operator" if namespace.startswith("openshift-") else namespace}
    rules = json.dumps([one.data["spec"] for one in objects if one.id.kind == "PrometheusRule"])
    assert 'namespace=\\"nvidia-gpu-operator\\"' in rules
    assert 'namespace=\\"gpu-operator\\"' not in rules


@pytest.mark.parametrize(("kubernetes", "version"), [("1.33", "4.20"), ("1.34", "4.21"), ("1.35.2", "4.22")])
def test_the_release_of_openshift_follows_from_kubernetes(
    render_platform_of: RenderPlatform, kubernetes: str, version: str
) -> None:
    platform, objects = render_platform_of(text(kubernetes))
    assert f"The cluster is OpenShift {version}." in {one.what for one in prerequisites(platform)}
    assert named(objects, "Subscription", "nfd")["metadata"]["labels"]["app.kubernetes.io/version"] == version


def test_prerequisites_name_catalogues_approvals_and_mirrors(render_platform_of: RenderPlatform) -> None:
    cluster = ", registries: {mirrors: {nvcr.io: mirror.acme.example/nvcr}}"
    platform, _ = render_platform_of(text(cluster=cluster))
    told = "\n".join(one.what for one in prerequisites(platform))
    for words in ("CatalogSource certified-operators", "channel v26.7", "the install plan in the", "driver-toolkit",
                  "ImageDigestMirrorSet", "MachineConfig", "Secure Boot", "`oc mirror`"):  # fmt: skip
        assert words in told, words


@pytest.mark.parametrize(("component", "name"), settings(refused=True))
def test_a_setting_that_the_bundle_decides_is_refused(component: str, name: str) -> None:
    """Every setting of a component has an effect on OpenShift, or is rejected there."""
    known = load_catalog().component(component)
    assert known
    written = json.dumps(another(known.settings[name]))
    errors = diagnostics_of(text(components=f"{component}: {{settings: {{{name}: {written}}}}}") + seen(component))
    assert "BP3282" in {one.code.id for one in errors}


def seen(component: str) -> str:
    return WATCHED.format(namespace="monitoring") if component == "gpu-observability" else ""


@pytest.mark.parametrize(("component", "name"), settings(refused=False))
def test_a_setting_that_is_taken_decides_what_it_says(component: str, name: str) -> None:
    known = load_catalog().component(component)
    assert known
    default = known.settings[name].default
    is_switch = any(name in setting.requires for setting in known.settings.values())
    switched = {} if is_switch or component != "gpu-operator" else dict.fromkeys(SWITCHES, True)
    sides = []
    for value in (default, another(known.settings[name])):
        said = {**switched, name: value}
        told = ", ".join(f"{key}: {json.dumps(one)}" for key, one in said.items() if one is not None)
        objects = rendered(text(components=f"{component}: {{settings: {{{told}}}}}") + seen(component), component)
        sides.append([one.data for one in objects])
    assert sides[0] != sides[1], "it changes nothing on OpenShift and is not refused"


def test_approval_by_itself_is_warned_about() -> None:
    told = diagnostics_of(text(components="nfd: {settings: {installPlanApproval: Automatic}}"))
    [warning] = [one for one in told if one.code.id == "BP3289"]
    assert warning.severity is Severity.WARNING
    assert warning.at
    assert warning.at.line == 8
