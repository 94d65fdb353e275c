"""Checks that several rules share, as tables: each row tests one condition.

Amounts (BP6134, BP6106), credentials (BP6301), whose device plugin determines what nodes offer (BP6102, BP6103, BP6104,
BP6470), drivers (BP6042, BP6043), PromQL (BP6570), names of resources (BP6162) and capabilities (BP6160), ports
(BP6158).
"""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import USERS, FieldOrigin, Object, Path, Source
from blueprint.check.common.amounts import amounts
from blueprint.check.common.credentials import CredentialOptions, variables
from blueprint.check.common.device_plugins import is_decided_here
from blueprint.check.common.driver import driver_faults
from blueprint.check.common.expressions import fault
from blueprint.check.common.ports import way_out
from blueprint.check.rule import Capability
from blueprint.check.rule_context import NoPlatform, PoolOffer, RuleContext
from blueprint.check.rules.config_map import credentials as of_config_maps
from blueprint.check.runner import run_rules
from blueprint.diagnostics import Severity, Span
from tests.support.rule_facts import context

AT: Path = ("spec", "resources")


@pytest.mark.parametrize(
    ("resources", "code", "field", "help_"),
    [
        ({"limits": {"memory": "512m"}}, "BP6134", ("limits", "memory"), "did you mean 512Mi?"),
        ({"requests": {"memory": 64}}, "BP6134", ("requests", "memory"), "did you mean 64Mi?"),
        ({"limits": {"hugepages-1Gi": 2}}, "BP6134", ("limits", "hugepages-1Gi"), "did you mean 2Mi?"),
        ({"limits": {"ephemeral-storage": "20m"}}, "BP6134", ("limits", "ephemeral-storage"), "did you mean 20Mi?"),
        ({"requests": {"storage": 0}}, None, (), None),
        ({"limits": {"cpu": -1}}, "BP6134", ("limits", "cpu"), "remove the minus sign"),
        ({"requests": {"cpu": "-500m"}}, "BP6134", ("requests", "cpu"), "remove the minus sign"),
        ({"requests": {"cpu": 2}, "limits": {"cpu": 1}}, "BP6106", ("requests", "cpu"), "request at most 1"),
        ({"limits": {"memory": "1Mi"}}, None, (), None),
        ({"limits": {"memory": "1500Ki"}}, None, (), None),
        ({"limits": {"cpu": 0}}, None, (), None),
        ({"requests": {"cpu": 1}, "limits": {"cpu": 1}}, None, (), None),
        ({"requests": {"nvidia.com/gpu": 2}, "limits": {"nvidia.com/gpu": 1}}, None, (), None),
        ({"requests": {"cpu": "many"}, "limits": {"memory": None}}, None, (), None),
    ],
)
def test_amounts(resources: dict[str, Any], code: str | None, field: Path, help_: str | None) -> None:
    found = [(each.code.id, each.path, each.help) for each in amounts(resources, AT)]
    assert found == ([(code, (*AT, *field), help_)] if code else [])


TOKEN = "hf_" + "a1" * 16


@pytest.mark.parametrize(
    ("name", "value", "is_one"),
    [
        ("HF_TOKEN", "hunter2", True),
        ("PLAIN", TOKEN, True),
        ("PLAIN", "hunter2", False),
        ("HF_TOKEN", "", False),
        ("HF_TOKEN", 7, False),
        (7, TOKEN, False),
        ("HF_TOKEN", "hf_token", False),
        ("HF_TOKEN", "HF_TOKEN", False),
        ("HF_TOKEN", "/run/token", False),
        ("HF_TOKEN", ".token", False),
        ("HF_TOKEN", "file:x", False),
        ("HF_TOKEN", "12345", False),
        ("HF_TOKEN", "0000:01:00.0", False),
        ("HF_TOKEN", "a: b\nc: d", False),
        ("HF_TOKEN", "${TOKEN}", False),
        ("HF_TOKEN", "<your-token>", False),
        ("KNOWN_TOKEN", "hunter2", False),
    ],
)
def test_credentials(name: Any, value: Any, is_one: bool) -> None:
    found = variables([{"name": name, "value": value}], ("env",), CredentialOptions(("KNOWN_TOKEN",)))
    assert [each.path for each in found] == ([("env", 0, "value")] if is_one else [])


PLUGIN = {"image": "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"}
BY_NAME = {"envFrom": [{"configMapRef": {"name": "plugin"}}]}


def daemon_set(container: dict[str, Any]) -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [container]}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "plugin", "namespace": "n"},
        "spec": spec,
    }


def config_map(data: dict[str, str], namespace: str = "n") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "plugin", "namespace": namespace},
        "data": data,
    }


@pytest.mark.parametrize(
    ("manifests", "decided"),
    [
        ([], False),
        ([daemon_set(PLUGIN)], True),
        ([daemon_set({"image": "k8s-device-plugin@sha256:0"})], True),
        ([daemon_set({"image": "acme/plugin:1"})], False),
        ([daemon_set({})], False),
        ([daemon_set({**PLUGIN, "args": ["--mig-strategy=mixed"]})], True),
        ([daemon_set({**PLUGIN, "args": ["--config-file=/config.yaml"]})], False),
        ([daemon_set({**PLUGIN, "command": ["nvidia-device-plugin", "-config-file", "x"]})], False),
        ([daemon_set({**PLUGIN, "env": [{"name": "CONFIG_FILE", "value": "x"}]})], False),
        ([daemon_set({**PLUGIN, "env": [{"name": "MIG_STRATEGY", "value": "none"}]})], True),
        ([daemon_set({**PLUGIN, **BY_NAME})], False),
        ([daemon_set({**PLUGIN, "envFrom": [{"secretRef": {"name": "plugin"}}]}), config_map({})], False),
        ([daemon_set({**PLUGIN, **BY_NAME}), config_map({"MIG_STRATEGY": "none"})], True),
        ([daemon_set({**PLUGIN, **BY_NAME}), config_map({"MIG_STRATEGY": "none"}, "other")], False),
        ([daemon_set({**PLUGIN, **BY_NAME}), config_map({"CONFIG_FILE": "x"})], False),
        ([daemon_set(PLUGIN), daemon_set({**PLUGIN, **BY_NAME})], False),
    ],
)
def test_a_users_device_plugin_counts_only_if_the_platform_declares_it(manifests: list[Any], decided: bool) -> None:
    pool = PoolOffer("train", {"nvidia.com/gpu": 8}, exact=False)
    assert is_decided_here(context([Object(each, USERS) for each in manifests], [pool])) is decided
    rendered = context([Object(each, "nvidia-device-plugin") for each in manifests], [pool])
    assert not is_decided_here(rendered)
    assert is_decided_here(context((), [PoolOffer("train", {"nvidia.com/gpu": 8})]))


def driver(fields: dict[str, Any], at: Path, patched: str) -> Object:
    """An object with a driver of ours, one field of which is patched."""
    data: dict[str, Any] = {"apiVersion": "nvidia.com/v1", "kind": "ClusterPolicy", "metadata": {"name": "c"}}
    inner = data
    for step in at:
        inner = inner.setdefault(str(step), {})
    inner.update(fields)
    patch = FieldOrigin(Span("t", 1, 1, 1, 1), (Source("patch", Span("p", 1, 1, 1, 1), "patches[0]"),))
    return Object(data, "gpu-operator", {(*at, patched): patch} if patched else {})


OPERATOR: Path = ("spec", "driver")
PRECOMPILED = {"usePrecompiled": True}
OPEN = "set kernelModuleType: open"


@pytest.mark.parametrize(
    ("fields", "at", "extra", "patched", "expected"),
    [
        ({**PRECOMPILED, "version": "580"}, OPERATOR, (), "", []),
        (PRECOMPILED, OPERATOR, (), "", []),
        ({**PRECOMPILED, "version": "580.95.05"}, OPERATOR, (), "", [("driver.version", "use 580")]),
        ({**PRECOMPILED, "version": "v580"}, OPERATOR, (), "", [("driver.version", "use a branch, for example 580")]),
        ({**PRECOMPILED, "version": "580.9"}, OPERATOR, (), "usePrecompiled", [("driver.usePrecompiled", "use 580")]),
        ({**PRECOMPILED, "version": "580.9"}, OPERATOR, (), "version", [("driver.version", "use 580")]),
        ({"version": "580.95.05"}, OPERATOR, ("gds",), "", []),
        (PRECOMPILED, OPERATOR, ("rdma",), "", [("rdma.enabled", "disable rdma or usePrecompiled")]),
        (
            {"kernelModuleType": "proprietary"},
            OPERATOR,
            ("gds",),
            "",
            [("driver.kernelModuleType", OPEN)],
        ),
        ({"kernelModuleType": "proprietary"}, OPERATOR, (), "", []),
        ({"kernelModuleType": "auto"}, OPERATOR, ("gds",), "", []),
        ({"kernelModuleType": "auto"}, ("spec",), ("gds",), "", [("kernelModuleType", OPEN)]),
        ({}, ("spec",), ("gds",), "", [("kernelModuleType", OPEN)]),
        ({"kernelModuleType": "open"}, ("spec",), ("gds",), "", []),
    ],
)
def test_drivers(fields: Any, at: Path, extra: tuple[str, ...], patched: str, expected: list[tuple[str, str]]) -> None:
    found = driver_faults(driver(fields, at, patched), at, extra, ("spec",))
    assert [(".".join(map(str, each.path[1:])), each.help) for each in found] == expected


@pytest.mark.parametrize(
    "name",
    [
        "abs", "absent", "absent_over_time", "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min",
        "count_over_time", "day_of_month", "day_of_week", "delta", "deriv", "exp", "floor", "histogram_quantile",
        "hour", "idelta", "increase", "irate", "label_join", "label_replace", "last_over_time", "max_over_time",
        "min_over_time", "predict_linear", "present_over_time", "quantile_over_time", "rate", "resets", "round",
        "scalar", "sort", "sort_desc", "stddev_over_time", "sum_over_time", "time", "timestamp", "vector",
    ],
)  # fmt: skip
def test_a_misspelt_function_is_named(name: str) -> None:
    pytest.importorskip("promql_parser", reason="the extra promql is not installed")
    misspelt = f"{name}{name[-1]}"
    found = fault(f"{misspelt}(up)", context([]))
    assert found is not None
    assert found[1:] == (f"did you mean {name}?", Severity.WARNING)


@pytest.mark.parametrize(
    ("resource", "pools", "found"),
    [
        ("nvidia.com/gpus", False, True),
        ("nvidia.com/gpus", True, False),  # BP6102 says what the pools offer
        ("kubernetes.io/gpu", True, True),
        ("nvidia.com/gpu", False, False),
    ],
)
def test_names_near_that_of_gpus_are_judged_by_the_pools_where_they_are_known(
    resource: str, pools: bool, found: bool
) -> None:
    container = {"name": "main", "image": "a:1", "resources": {"limits": {resource: 1}}}
    data = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [container]},
    }
    known = [PoolOffer("train", {"nvidia.com/gpu": 8})] if pools else []
    results = run_rules(context([Object(data, USERS)], known))
    assert ("BP6162" in {each.code.id for each in results.diagnostics}) is found


@pytest.mark.parametrize(
    ("name", "why", "help_"),
    [
        ("CAP_SYS_ADMIN", "containerd adds the prefix CAP_", "write SYS_ADMIN"),
        ("SYS_ADMN", "Linux has no such capability", "did you mean SYS_ADMIN?"),
        ("CAP_SYS_ADMN", "Linux has no such capability", "did you mean SYS_ADMIN?"),
        ("Q", "Linux has no such capability", "man 7 capabilities lists them; omit the prefix CAP_ here"),
    ],
)
def test_what_is_wrong_with_a_capability(name: str, why: str, help_: str) -> None:
    container = {"name": "main", "image": "a:1", "securityContext": {"capabilities": {"add": [name]}}}
    data = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [container]},
    }
    [found] = [each for each in run_rules(context([Object(data, USERS)])).diagnostics if each.code.id == "BP6160"]
    assert why in found.message
    assert found.help == help_


@pytest.mark.parametrize(
    ("name", "names", "help_"),
    [
        ("htpp", {"http", "grpc"}, "did you mean http?"),
        ("api", {"rpc", "zero"}, "named ports: rpc, zero"),
        ("api", set(), "give a port of the container this name"),
    ],
)
def test_what_to_write_instead_of_the_name_of_a_port(name: str, names: set[str], help_: str) -> None:
    assert way_out(name, names, context(())) == help_


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ({"kind": "Deployment", "name": "serve"}, True),
        ({"kind": "ReplicaSet", "name": "serve"}, True),
        ({"name": "serve"}, True),
        ({"kind": "RayService", "name": "serve"}, False),
        ({"kind": "Deployment", "name": 7}, False),
        ({"kind": "Deployment"}, False),
    ],
)
def test_an_autoscaler_without_its_workload_in_a_complete_input(target: dict[str, Any], found: bool) -> None:
    """BP6165."""
    data = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "namespace": "n"},
        "spec": {"scaleTargetRef": target},
    }
    complete = RuleContext([Object(data, USERS)], NoPlatform(frozenset({Capability.COMPLETE})))
    results = run_rules(complete)
    assert not results.failed
    assert ("BP6165" in {each.code.id for each in results.diagnostics}) is found


@pytest.mark.parametrize(("allowed", "keys"), [((), ["password", "token"]), (("token",), ["password"])])
def test_keys_of_a_config_map_that_options_allow_hold_no_credential(allowed: tuple[str, ...], keys: list[str]) -> None:
    data = {"password": "hunter2", "token": "hunter2"}
    settings = Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}, USERS)
    found = of_config_maps.data(settings, context([settings]), CredentialOptions(allowed))
    assert [each.path for each in found] == [("data", key) for key in keys]
