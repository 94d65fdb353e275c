"""The effect of `spec.observability`: wiring, limits and their sources, and omitted alerts with their reasons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from blueprint.bundle.layout import LOCK
from blueprint.bundle.trace import trace_back
from blueprint.pipeline import Compilation
from tests.support.observed_platform import HERE, TEXT, Compile, defined_alerts, objects, rules

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md") if page.stem != "README")


def policy(compilation: Compilation) -> Any:
    return objects(compilation, "ClusterPolicy")["cluster-policy"]["spec"]["dcgmExporter"]


def alert(compilation: Compilation, name: str, pool: str) -> Any:
    [found] = [r for r in rules(compilation) if r.get("alert") == name and r["labels"].get("pool") == pool]
    return found


def lock(compilation: Compilation) -> Any:
    assert compilation.files
    return orjson.loads(compilation.files[LOCK])["observability"]


def test_without_the_section_nothing_of_it_is_rendered(compiled: Compile) -> None:
    text = re.sub(r"  observability:\n(    .*\n)+", "", TEXT).replace("      costPerGpuHour: 2.5\n", "")
    found = compiled(text)
    assert found.bundle
    assert not [one.id for one in found.bundle.objects if one.component == "gpu-observability"]
    assert policy(found)["serviceMonitor"]["enabled"] is True
    assert "config" not in policy(found)
    assert lock(found) is None


def test_the_exporter_counts_what_the_config_map_says_and_is_read_once(watched: Compilation) -> None:
    name = policy(watched)["config"]["name"]
    counters = objects(watched, "ConfigMap")[name]
    assert counters["metadata"]["namespace"] == "gpu-operator"
    assert "DCGM_FI_DEV_GPU_TEMP, gauge, " in counters["data"]["dcgm-metrics.csv"]
    assert policy(watched)["serviceMonitor"]["enabled"] is False, "the operator's own monitor would read it again"


def test_a_changed_counter_file_has_another_name_so_that_exporters_start_again(
    watched: Compilation, compiled: Compile
) -> None:
    other = compiled(TEXT.replace("metrics: full", "metrics: {set: full, exclude: [DCGM_FI_DEV_DEC_UTIL]}"))
    assert policy(other)["config"]["name"] != policy(watched)["config"]["name"]


def test_prometheus_selects_what_is_rendered(watched: Compilation) -> None:
    """In its own namespace, with the labels by which it selects, which differ for rules here."""
    for kind, label in (("ServiceMonitor", ("release", "kps")), ("PrometheusRule", ("role", "alerts"))):
        found = objects(watched, kind)
        assert len(found) >= 3
        for one in found.values():
            assert one["metadata"]["namespace"] == "monitoring"
            assert label in one["metadata"]["labels"].items()


def test_samples_learn_the_pool_from_their_node(watched: Compilation) -> None:
    spec = objects(watched, "ServiceMonitor")["gpu-dcgm-exporter"]["spec"]
    assert spec["attachMetadata"] == {"node": True}
    [endpoint] = spec["endpoints"]
    assert {one["targetLabel"] for one in endpoint["relabelings"]} == {"node", "pool", "job"}
    assert int(endpoint["scrapeTimeout"][:-1]) < int(endpoint["interval"][:-1])


def test_a_limit_of_the_catalogue_is_traced_to_its_line(watched: Compilation) -> None:
    """98 % of the 700 W of an H100; the TDP of the A100 is not verified, so there the GPU's own limit counts."""
    assert alert(watched, "GpuPowerNearLimit", "train")["expr"].endswith("> 686")
    assert "DCGM_FI_DEV_ENFORCED_POWER_LIMIT" in alert(watched, "GpuPowerNearLimit", "lab")["expr"]
    assert watched.bundle
    [one] = [one for one in watched.bundle.objects if one.id.name == "gpu-alerts.train"]
    fields = [
        field for field in trace_back(one, ()) if field.value == alert(watched, "GpuPowerNearLimit", "train")["expr"]
    ]
    files = {source.span.file: source.span.line for source in fields[0].origin.sources}
    [hardware] = [name for name in files if name.endswith("H100-SXM5-80GB.yaml")]
    text = (ROOT / "blueprint" / hardware).read_text().splitlines()
    assert text[files[hardware] - 1].strip() == "value: 700"


def test_an_unverified_limit_is_never_used(compiled: Compile) -> None:
    """No temperature limit of the H100 is verified: the numbers in its file appear in no expression."""
    found = compiled(TEXT)
    assert "> 84" not in alert(found, "GpuTemperatureHigh", "train")["expr"]
    assert "DCGM_FI_DEV_SLOWDOWN_TEMP" in alert(found, "GpuTemperatureHigh", "train")["expr"]


def test_what_is_left_out_is_reported_with_the_reason(compiled: Compile) -> None:
    text = TEXT.replace("GpuMemoryTemperatureHigh: {threshold: 95}", "GpusMissing: {enabled: false}")
    found = compiled(text)
    assert found.files
    page = found.files["prerequisites.md"].decode()
    assert "The alert GpusMissing is not rendered for lab, train: it is disabled." in page
    limit = "the catalogue's limit for the product is not verified."
    assert f"The alert GpuMemoryTemperatureHigh is not rendered for lab, train: {limit}" in page
    silent = {(each["alert"], each["pool"]) for each in lock(found)["notAlerted"]}
    assert ("GpusMissing", "train") in silent
    assert not {name for name, _ in silent} & set(lock(found)["alerts"])


def test_settings_of_an_alert_take_effect(watched: Compilation) -> None:
    found = alert(watched, "GpuXidApplication", "lab")
    assert (found["for"], found["labels"]["severity"]) == ("1m", "warning")
    assert alert(watched, "GpuMemoryTemperatureHigh", "lab")["expr"].endswith("> 95")


def test_a_pool_that_may_be_empty_misses_no_nodes(compiled: Compile) -> None:
    found = compiled(TEXT.replace("nodes: {min: 1, max: 2}", "nodes: {min: 0, max: 2}"))
    assert {"alert": "GpuNodesMissing", "pool": "lab", "why": "the pool may have no nodes at all"} in lock(found)[
        "notAlerted"
    ]


def test_prices_are_those_of_the_pools(watched: Compilation) -> None:
    found = [rule for rule in rules(watched) if rule.get("record") == "pool:gpu_price:per_hour"]
    assert [(rule["expr"], rule["labels"]) for rule in found] == [("vector(2.5)", {"pool": "train"})]


def test_no_cost_rules_without_prices(compiled: Compile) -> None:
    found = compiled(TEXT.replace("      costPerGpuHour: 2.5\n", ""))
    assert not [rule for rule in rules(found) if "cost" in rule.get("record", "")]


def test_every_alert_has_a_description_and_a_page(watched: Compilation) -> None:
    assert set(PAGES) == set(defined_alerts())
    for rule in rules(watched):
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("info", "warning", "critical")
            assert {"summary", "description", "runbook_url"} == set(rule["annotations"])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_means_how_to_confirm_and_what_to_do(name: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What it means", "How to confirm", "What to do"]
    assert "blueprint " in text


def test_the_custom_resources_are_checked_but_not_installed(watched: Compilation) -> None:
    assert not [name for name in objects(watched, "CustomResourceDefinition") if name.endswith("monitoring.coreos.com")]


REMARKS = {
    "scraped-too-often": ("selectorLabels: {release: kps}", "selectorLabels: {release: kps}, scrapeInterval: 15s"),
    "scraped-too-seldom": ("selectorLabels: {release: kps}", "selectorLabels: {release: kps}, scrapeInterval: 5m"),
    "selector-labels-empty": ("selectorLabels: {release: kps}", "selectorLabels: {}"),
    "metric-needed": ("metrics: full", "metrics: {set: full, exclude: [DCGM_FI_DEV_ROW_REMAP_PENDING]}"),
    "alert-in-haste": ("GpuXidApplication: {for: 1m,", "GpuXidApplication: {for: 10s,"),
    "alert-not-in-force": ("GpuMemoryTemperatureHigh: {threshold: 95}", "GpuMemoryTemperatureHigh: {for: 1h}"),
}


DRIVEN = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: driven}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  nodePools:
    gpu:
      nodes: 2
      selector: {pool: gpu}
      gpu: {product: H100-SXM5-80GB, count: 8}
      owner: {driver: OWNER}
      driver: {branch: "580"}
  observability:
    prometheus: {namespace: monitoring, selectorLabels: {release: kps}}
    alerts: {GpuDriverPodsFailing: {severity: info}}
"""


IN_STACKS = {
    "metrics-collide": ("claims", "    alerts:\n", "    metrics: {include: [DCGM_FI_DEV_ECC_SBE_VOL_TOTAL]}\n"),
    "pod-labels-without-bound": (
        "alone",
        "  observability:\n",
        "  components: {dcgm-exporter: {settings: {podLabels: true}}}\n",
    ),
}
NOT_IN_FORCE = {
    "GpuOperatorDown": ("alone", "there is no GPU Operator"),
    "GpuDriverPodsFailing": ("alone", "there is no GPU Operator"),
    "GpuNvlinkRecoveryFailed": ("alone", "have no NVLink 5"),
    "GpuNotAllocatable": ("claims", "pods claim GPUs"),
    "GpuOperatorNotReady": ("claims", "pods claim GPUs"),
    "GpuMetricsAbsent": ("alone", "every pool may have no nodes at all"),
    "GpuUtilizationLow": ("shared", "the exporter reports only one pod per GPU"),
}


def stack(name: str) -> str:
    return (HERE / "stacks" / f"{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("slug", IN_STACKS)
def test_what_may_be_meant_in_a_stack_is_remarked(slug: str, compiled: Compile) -> None:
    name, old, new = IN_STACKS[slug]
    found = compiled(stack(name).replace(old, new + old, 1))
    assert [each.severity.value for each in found.diagnostics if each.code.slug == slug] == ["warning"]
    assert found.bundle


@pytest.mark.parametrize("name", NOT_IN_FORCE)
def test_an_alert_that_nothing_can_make_fire_is_remarked_with_the_reason(name: str, compiled: Compile) -> None:
    where, why = NOT_IN_FORCE[name]
    text = stack(where)
    if name == "GpuMetricsAbsent":
        text = text.replace("{min: 1, max: 9}", "{min: 0, max: 9}")
    if name == "GpuUtilizationLow":
        text = re.sub(r"    cut:\n(      .*\n)+", "", text)
    text = text.replace("    alerts:\n      GpuMemoryTemperatureHigh: {threshold: 95}\n", "")
    found = compiled(text + f"    alerts: {{{name}: {{severity: info}}}}\n")
    [told] = [each for each in found.diagnostics if each.code.slug == "alert-not-in-force"]
    assert why in told.message
    assert not [rule for rule in rules(found) if rule.get("alert") == name]


@pytest.mark.parametrize(("owner", "remarked"), [("host", 1), ("operator", 0)])
def test_an_alert_on_drivers_is_remarked_where_the_operator_installs_none(
    owner: str, remarked: int, compiled: Compile
) -> None:
    """A blueprint whose nodes have their own driver has an operator, but not the part that this alert monitors."""
    found = compiled(DRIVEN.replace("OWNER", owner))
    remarks = [each for each in found.diagnostics if each.code.slug == "alert-not-in-force"]
    assert len(remarks) == remarked
    assert all("the operator installs no driver on any node" in each.message for each in remarks)
    assert ("GpuDriverPodsFailing" in {rule.get("alert") for rule in rules(found)}) == (not remarked)


def test_pools_that_may_all_be_empty_miss_nothing(compiled: Compile) -> None:
    found = compiled(stack("alone").replace("{min: 1, max: 9}", "{min: 0, max: 9}"))
    assert not {"GpuMetricsAbsent", "GpuNodesMissing"} & {rule.get("alert") for rule in rules(found)}
    said = {(each["alert"], each["pool"]) for each in lock(found)["notAlerted"]}
    assert {("GpuMetricsAbsent", None), ("GpuNodesMissing", "small"), ("GpuNodesMissing", "large")} <= said


def test_without_gpus_no_alert_waits_for_their_metrics(compiled: Compile) -> None:
    text = re.sub(r"      (gpu|costPerGpuHour|taints): .*\n", "", TEXT).replace(
        "GpuMemoryTemperatureHigh: {threshold: 95}", "GpusMissing: {for: 1h}"
    )
    assert "GpuMetricsAbsent" not in {rule.get("alert") for rule in rules(compiled(text))}


def test_link_counters_are_those_of_the_generation(compiled: Compile) -> None:
    """NVLink 5 has fields of its own, for which DCGM returns values only beside one counter of corrected errors."""
    counted = {name: set(counters(compiled(stack(name)))) for name in ("claims", "openshift")}
    five = {"DCGM_FI_DEV_NVLINK_COUNT_RX_ERRORS", "DCGM_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS"}
    assert five <= counted["claims"]
    assert not five & counted["openshift"]
    assert "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL" in counted["openshift"] - counted["claims"]


def counters(found: Compilation) -> list[str]:
    [text] = [
        one["data"]["dcgm-metrics.csv"] for name, one in objects(found, "ConfigMap").items() if "gpu-metrics" in name
    ]
    return [line.split(",")[0] for line in text.splitlines()]


def test_monitors_are_put_where_prometheus_looks(compiled: Compile) -> None:
    """A Prometheus that selects namespaces by a label need not select its own."""
    found = compiled(TEXT, "spec.observability.prometheus.monitorNamespace=monitors")
    for kind in ("ServiceMonitor", "PrometheusRule"):
        assert {one["metadata"]["namespace"] for one in objects(found, kind).values()} == {"monitors"}
    assert found.files
    assert "In the namespace monitors, it selects ServiceMonitors" in found.files["prerequisites.md"].decode()


@pytest.mark.parametrize("slug", REMARKS)
def test_a_likely_intention_is_remarked_at_its_place(slug: str, compiled: Compile) -> None:
    old, new = REMARKS[slug]
    text = TEXT.replace(old, new)
    found = compiled(text)
    [told] = [each for each in found.diagnostics if each.code.slug == slug]
    assert told.at
    assert text.splitlines()[told.at.line - 1].strip() == new or new in text.splitlines()[told.at.line - 1]
    assert found.bundle, "a remark stops nothing"


def test_nothing_to_watch_is_remarked(compiled: Compile) -> None:
    text = re.sub(r"      (gpu|costPerGpuHour|taints): .*\n", "", TEXT).replace(
        "GpuMemoryTemperatureHigh: {threshold: 95}", "GpusMissing: {for: 1h}"
    )
    assert "nothing-to-watch" in {found.code.slug for found in compiled(text).diagnostics}
