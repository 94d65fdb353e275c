"""In every stack, rules read the series that its exporter, its operator and kube-state-metrics really produce there.

Responses of exporters are scraped according to the rendered monitors, and Prometheus' own code evaluates the rendered
rules.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.monitoring import load_monitoring
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.metric_recordings import read, relabelled, series
from tests.support.observed_platform import HERE, objects, rules
from tests.support.promql_uses import OTHERS, mistyped, uses
from tests.support.waits import PATIENCE
from tests.support.yaml_data import yaml_data

OPERATOR_SERVICES = {
    "gpu-dcgm-exporter": ({"app": "nvidia-dcgm-exporter"}, "gpu-metrics"),
    "gpu-operator-metrics": ({"app": "gpu-operator"}, "gpu-operator-metrics"),
}
"""Services that the operator creates: assets/state-dcgm-exporter and state-operator-metrics of gpu-operator v26.7.0."""
CLAIMS_SERVICE = ({"app": "nvidia-dcgm-exporter-dra"}, "gpu-metrics")
"""manifests/state-dcgm-exporter of gpu-operator v26.7.0."""
MONITORS_OF_THE_OPERATOR = {
    "gpu-operator",
    "nvidia-dcgm-exporter",
    "nvidia-dcgm-exporter-dra",
    "nvidia-node-status-exporter",
}
NODE = "node-1"
FACTS = yaml_data(HERE / "stacks" / "expected.yaml")


def metrics() -> Any:
    component = load_catalog().component("gpu-observability")
    assert component
    return load_monitoring(component.folder).metrics


@pytest.fixture(scope="module", params=sorted(FACTS))
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def found(stack: str) -> Compilation:
    compilation = compile_blueprint(str(HERE / "stacks" / f"{FACTS[stack]['blueprint']}.yaml"))
    assert compilation.bundle, compilation.diagnostics
    return compilation


def endpoint(found: Compilation) -> dict[str, Any]:
    [one] = objects(found, "ServiceMonitor")["gpu-dcgm-exporter"]["spec"]["endpoints"]
    return dict(one)


def discovered(stack: str) -> dict[str, str]:
    """The labels that Prometheus' discovery gives the exporter's target before relabelling."""
    facts = FACTS[stack]
    return {
        "__meta_kubernetes_pod_node_name": NODE,
        "__meta_kubernetes_node_label_gpublueprint_dev_pool": facts["pool"],
        "job": "dcgm-exporter", "namespace": facts["namespace"], "pod": "exporter-x7x2p", "container": "exporter",
        "service": "dcgm-exporter", "endpoint": "metrics", "instance": "10.0.0.7:9400",
    }  # fmt: skip


def test_the_monitors_find_a_service_with_such_labels_and_such_a_port(stack: str, found: Compilation) -> None:
    own = {one["metadata"]["name"]: one for one in objects(found, "Service").values()}
    for name, monitor in objects(found, "ServiceMonitor").items():
        spec, [wanted] = monitor["spec"], monitor["spec"]["endpoints"]
        assert spec["namespaceSelector"] == {"matchNames": [FACTS[stack]["namespace"]]}
        if service := own.get(FACTS[stack].get("service", "")) if name == "gpu-dcgm-exporter" else None:
            labels, ports = service["metadata"]["labels"], [port["name"] for port in service["spec"]["ports"]]
            assert service["metadata"]["namespace"] == FACTS[stack]["namespace"]
        else:
            claims = FACTS[stack]["blueprint"] == "claims" and name == "gpu-dcgm-exporter"
            labels, port = CLAIMS_SERVICE if claims else OPERATOR_SERVICES[name]
            ports = [port]
        assert spec["selector"]["matchLabels"].items() <= labels.items()
        assert wanted["port"] in ports


def test_no_monitor_has_the_name_of_one_that_the_operator_makes(found: Compilation) -> None:
    """On OpenShift both are in one namespace, where they would overwrite each other."""
    assert not MONITORS_OF_THE_OPERATOR & set(objects(found, "ServiceMonitor"))


def test_jobs_of_rules_are_those_that_the_monitors_give(stack: str, found: Compilation) -> None:
    given = {
        relabelled(one["spec"]["endpoints"][0], discovered(stack))["job"]
        for one in objects(found, "ServiceMonitor").values()
    }
    asked = {job for rule in rules(found) for job in re.findall(r'job="([^"]+)"', rule["expr"])}
    assert asked <= given
    assert "gpublueprint/dcgm-exporter" in asked


def test_rules_read_only_what_is_there_as_what_it_is(found: Compilation) -> None:
    [counters] = [one for name, one in objects(found, "ConfigMap").items() if name.startswith("gpu-metrics-")]
    [text] = counters["data"].values()
    kinds = OTHERS | {name: kind for name, kind, _ in (line.split(", ", 2) for line in text.splitlines())}
    recorded = {rule["record"] for rule in rules(found) if "record" in rule}
    read = [use for rule in rules(found) for use in uses(rule["expr"])]
    assert {use.metric for use in read} - recorded - set(kinds) == set()
    assert [use for use in read if mistyped(use, kinds)] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "recordings").glob("*.prom")))
def test_recordings_have_the_types_that_the_counter_file_says(name: str) -> None:
    rows = metrics().metrics
    for metric, kind in read(name).types.items():
        assert rows[metric].type == kind, metric


def test_the_rules_on_what_the_exporter_answers(promtool: str, stack: str, found: Compilation, tmp_path: Path) -> None:
    """Every alert that fires is expected and fires once, and every recording has the expected value."""
    files = []
    for name, one in objects(found, "PrometheusRule").items():
        files.append(f"{name}.yaml")
        bare = [{**group, "rules": [_bare(rule) for rule in group["rules"]]} for group in one["spec"]["groups"]]
        (tmp_path / files[-1]).write_text(yaml.safe_dump({"groups": bare}))
    facts = FACTS[stack]
    given = list(series(facts["recording"], endpoint(found), discovered(stack)))
    given += [{"series": one, "values": f"{value}x600"} for one, value in facts.get("others", {}).items()]
    wanted = [{"expr": expr, "eval_time": "4h", "exp_samples": samples} for expr, samples in facts["expected"].items()]
    test = {"rule_files": files, "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": given, "promql_expr_test": wanted}]}  # fmt: skip
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "test.yaml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _bare(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "annotations"}


def test_every_row_is_a_field_that_the_exporter_knows_and_a_renamed_one_is_the_same_field() -> None:
    """The exporter does not start with an unknown name."""
    fields = yaml_data(HERE / "fields.yaml")
    rows = {name: row for name, row in metrics().metrics.items() if not name.startswith("DCGM_EXP_")}
    assert set(rows) == set(fields["known"])
    for name, row in rows.items():
        if row.renamed:
            assert fields["renamed"][row.renamed] == fields["known"][name], name
            assert row.renamed not in fields["known"]


def names(found: Compilation) -> Iterator[str]:
    for rule in rules(found):
        for use in uses(rule["expr"]):
            yield use.metric


def test_without_an_operator_nothing_is_read_of_one() -> None:
    alone = compile_blueprint(str(HERE / "stacks" / "alone.yaml"))
    assert not [name for name in names(alone) if name.startswith("gpu_operator_")]
    assert set(objects(alone, "ServiceMonitor")) == {"gpu-dcgm-exporter"}
    told = {rule.get("alert") for rule in rules(alone)}
    assert not told & {"GpuOperatorDown", "GpuOperatorNotReady", "GpuDriverPodsFailing", "GpuDriverUpgradeFailed"}
    assert {"GpuOperandPodsFailing", "GpuNotAllocatable", "GpuNodeNotWatched"} <= told


def test_the_exporter_alone_counts_what_the_rules_read_and_starts_again_when_that_changes() -> None:
    alone = compile_blueprint(str(HERE / "stacks" / "alone.yaml"))
    spec = objects(alone, "DaemonSet")["dcgm-exporter"]["spec"]["template"]["spec"]
    [mounted] = [volume["configMap"] for volume in spec["volumes"] if "configMap" in volume]
    counters = objects(alone, "ConfigMap")[mounted["name"]]["data"][mounted["items"][0]["key"]]
    counted = {line.split(",")[0] for line in counters.splitlines()}
    assert {name for name in names(alone) if name.startswith("DCGM_")} <= counted
    more = compile_blueprint(str(HERE / "stacks" / "alone.yaml"), sets=("spec.observability.metrics.set=full",))
    assert mounted["name"] not in objects(more, "ConfigMap")
    role = objects(alone, "Role")["dcgm-exporter-counters"]
    assert role["rules"][0]["resourceNames"] == [mounted["name"]]


def test_what_openshift_does_not_export_is_not_read() -> None:
    """Its kube-state-metrics is configured to omit every metric that ends in _created."""
    assert "kube_pod_created" not in set(names(compile_blueprint(str(HERE / "stacks" / "openshift.yaml"))))
    assert "kube_pod_created" in set(names(compile_blueprint(str(HERE / "stacks" / "claims.yaml"))))
