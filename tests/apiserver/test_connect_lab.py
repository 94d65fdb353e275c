"""Connecting to a real API server: who we are, who it is, and what it serves."""

from __future__ import annotations

import datetime as dt
import sys

import orjson
import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.discovery import discover, is_served
from blueprint.diagnostics import Refused
from tests.support.bundles import definition
from tests.support.service_accounts import service_account

LONG_AGO = dt.timedelta(hours=-2)


def refusal(kubeconfig: str) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        connect(kubeconfig)
    assert caught.value.exit_code == 2
    return caught.value.diagnostics[0].code.slug, caught.value.diagnostics[0].message


def edited(lab, tmp_path, **cluster) -> str:
    """The lab's kubeconfig with other settings of its cluster."""
    from blueprint.apiserver.kubeconfig import _load

    config = _load(lab.kubeconfig)
    config["clusters"][0]["cluster"] |= cluster
    path = tmp_path / "kubeconfig"
    path.write_bytes(orjson.dumps({k: v for k, v in config.items() if k != "extensions"}))
    return str(path)


def test_a_connection_knows_the_server_s_version(lab) -> None:
    assert connect(str(lab.kubeconfig)).version.startswith("v1.")


def test_an_expired_token_is_called_expired(lab, namespace) -> None:
    slug, message = refusal(str(service_account(lab, namespace, "late", expires=LONG_AGO)))
    assert slug == "not-authenticated"
    assert "the token (expired " in message


def test_an_expired_certificate_is_called_expired(lab) -> None:
    slug, message = refusal(str(lab.user("late", expires=LONG_AGO)))
    assert slug == "not-authenticated"
    assert "the client certificate (expired " in message


def test_a_token_connects(lab, namespace) -> None:
    assert connect(str(service_account(lab, namespace, "robot"))).version


def test_a_server_with_a_certificate_of_another_authority_is_not_trusted(lab, tmp_path) -> None:
    from blueprint.lab.certificates import make_authority

    other = tmp_path / "other.crt"
    other.write_bytes(make_authority().certificate)
    config = {"certificate-authority": str(other), "certificate-authority-data": ""}
    slug, message = refusal(edited(lab, tmp_path, **config))
    assert slug == "tls-failed"
    assert "certificate verify failed" in message


def test_a_server_with_another_name_is_trusted_only_if_configured(lab, tmp_path) -> None:
    assert refusal(edited(lab, tmp_path, **{"tls-server-name": "elsewhere"}))[0] == "tls-failed"
    assert connect(edited(lab, tmp_path, **{"tls-server-name": "localhost"})).version
    unchecked = {"insecure-skip-tls-verify": True, "certificate-authority-data": "", "certificate-authority": ""}
    assert connect(edited(lab, tmp_path, **{"tls-server-name": "elsewhere"}, **unchecked)).version


def test_a_plugin_s_token_connects(lab, namespace, tmp_path) -> None:
    from blueprint.apiserver.kubeconfig import _load

    config = _load(service_account(lab, namespace, "plugged"))
    user = config["users"][0]["user"]
    token = user.pop("token", None) or (lab.folder / user.pop("tokenFile")).read_text()
    version = "client.authentication.k8s.io/v1"
    answer = orjson.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}).decode()
    user["exec"] = {"apiVersion": version, "command": sys.executable, "args": ["-c", f"print({answer!r})"],
                    "interactiveMode": "Never"}  # fmt: skip
    path = tmp_path / "plugin"
    path.write_bytes(orjson.dumps(config))
    assert connect(str(path)).version


def test_kinds_are_found_with_scope_and_plural(cluster) -> None:
    found = discover(cluster)
    deployment, node = found.find("apps/v1", "Deployment"), found.find("v1", "Node")
    assert deployment is not None
    assert node is not None
    assert deployment.path("a", "b") == "/apis/apps/v1/namespaces/a/deployments/b"
    assert (node.namespaced, node.path("", "n")) == (False, "/api/v1/nodes/n")
    assert found.find("apps/v1beta1", "Deployment") is None
    assert found.any_version("apps", "Deployment") == deployment


def test_names_with_colons_reach_the_right_object(cluster) -> None:
    role = discover(cluster).find("rbac.authorization.k8s.io/v1", "ClusterRole")
    assert role is not None
    assert cluster.get(role.path("", "system:node"))["metadata"]["name"] == "system:node"


def test_a_kind_is_served_only_once_its_definition_is(cluster, unique) -> None:
    from blueprint.cluster.waits import await_definition

    crd = definition(f"{unique}.example.com")
    collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    before = discover(cluster)
    cluster.post(collection, crd, "test")
    assert await_definition(cluster, crd, 10) is None
    assert before.find(f"{unique}.example.com/v1", "Widget") is None
    kind = discover(cluster).find(f"{unique}.example.com/v1", "Widget")
    assert kind is not None
    assert is_served(cluster, kind)
    cluster.delete(f"{collection}/widgets.{unique}.example.com")
