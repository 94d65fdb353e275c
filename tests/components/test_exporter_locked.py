"""An exporter that requires TLS or authentication: no secret is rendered, and its clients are configured to match."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Render = Callable[[str], dict[str, list[dict[str, Any]]]]
BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {{name: demo}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36"}}
  gpuStack: standalone
  nodePools:
    train: {{nodes: 1, selector: {{pool: train}}, gpu: {{product: H100-SXM5-80GB, count: 8}}}}
  components: {{dcgm-exporter: {{settings: {{serviceMonitor: true, {settings}}}}}}}
"""


def exporter(render: Render, settings: str) -> dict[str, Any]:
    """The objects by kind; if there are several of a kind, the last."""
    return {one["kind"]: one for one in render(BLUEPRINT.format(settings=settings))["dcgm-exporter"]}


def test_over_tls_the_probes_and_the_monitor_speak_it_too(render: Render) -> None:
    """With the chart's own monitor, every target would be down."""
    objects = exporter(render, "tlsSecret: exporter-tls")
    [container] = objects["DaemonSet"]["spec"]["template"]["spec"]["containers"]
    [endpoint] = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert {container[probe]["httpGet"]["scheme"] for probe in ("livenessProbe", "readinessProbe")} == {"HTTPS"}
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"]["ca"] == {"secret": {"name": "exporter-tls", "key": "ca.crt"}}
    assert "cert" not in endpoint["tlsConfig"]
    assert "Secret" not in objects


@pytest.mark.parametrize("settings", ["tlsSecret: exporter-tls, tlsClientSecret: prometheus", "webConfigSecret: users"])
def test_where_callers_must_say_who_they_are_the_kubelet_only_looks_at_the_port(render: Render, settings: str) -> None:
    [container] = exporter(render, settings)["DaemonSet"]["spec"]["template"]["spec"]["containers"]
    for probe in ("livenessProbe", "readinessProbe"):
        assert "httpGet" not in container[probe]
        assert container[probe]["tcpSocket"] == {"port": 9400}


def test_a_client_certificate_is_requested_and_presented(render: Render) -> None:
    objects = exporter(render, "tlsSecret: exporter-tls, tlsClientSecret: prometheus")
    assert "client_auth_type: RequireAndVerifyClientCert" in objects["ConfigMap"]["data"]["web-config.yaml"]
    [endpoint] = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert endpoint["tlsConfig"]["keySecret"] == {"name": "prometheus", "key": "tls.key"}


def test_users_come_from_a_secret_and_prometheus_is_one_of_them(render: Render) -> None:
    objects = exporter(render, "webConfigSecret: users, scrapeLoginSecret: prometheus")
    [endpoint] = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert endpoint["basicAuth"]["password"] == {"name": "prometheus", "key": "password"}
    volumes = objects["DaemonSet"]["spec"]["template"]["spec"]["volumes"]
    assert {"secretName": "users", "defaultMode": 0o400} in [one.get("secret") for one in volumes]
    assert "dcgm-exporter-web" not in json.dumps(list(objects.values()))


def test_a_policy_is_rendered_where_namespaces_are_named_and_only_there(render: Render) -> None:
    assert "NetworkPolicy" not in exporter(render, "podUid: false")
    policy = exporter(render, "allowedNamespaces: [monitoring, jobs]")["NetworkPolicy"]["spec"]
    [rule] = policy["ingress"]
    [expression] = rule["from"][0]["namespaceSelector"]["matchExpressions"]
    assert expression["values"] == ["monitoring", "jobs"]
    assert policy["policyTypes"] == ["Ingress"]
