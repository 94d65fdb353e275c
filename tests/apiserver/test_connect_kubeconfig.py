"""Kubeconfigs: which files are read, what they contain, and a clear message for every mistake in them."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from blueprint.apiserver.connect import connect, endpoint_of, official_endpoint, with_environment_proxy
from blueprint.apiserver.kubeconfig import Choice, Endpoint, choose, endpoint, find_files
from blueprint.diagnostics import Refused
from blueprint.records import asdict, replace

CA, CERTIFICATE, KEY = b"-----CA-----\n", b"-----CERTIFICATE-----\n", b"-----KEY-----\n"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def config(user: dict[str, Any], cluster: dict[str, Any] | None = None) -> dict[str, Any]:
    server = {"server": "https://127.0.0.1:1"} | (cluster or {})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
    }


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return path


def refusal(action: Any) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        action()
    [found] = caught.value.diagnostics
    assert caught.value.exit_code == 2
    return found.code.slug, found.message, found.help or ""


STATIC = {
    "data": ({"client-certificate-data": encoded(CERTIFICATE), "client-key-data": encoded(KEY)}, {}),
    "files": ({"client-certificate": "tls/client.crt", "client-key": "tls/client.key"}, {}),
    "token": ({"token": "s3cret"}, {"certificate-authority-data": encoded(CA)}),
    "token file": ({"tokenFile": "tls/token"}, {"certificate-authority": "tls/ca.crt"}),
    "insecure": ({"token": "t"}, {"insecure-skip-tls-verify": True}),
    "server name": ({"token": "t"}, {"tls-server-name": "api.internal"}),
    "password": ({"username": "ann", "password": "pw"}, {}),
    "nobody": ({}, {}),
}


@pytest.mark.parametrize("case", STATIC)
def test_a_static_kubeconfig_means_the_same_as_to_the_official_client(case: str, tmp_path: Path) -> None:
    """The fast path exists to save a quarter of a second; it must not behave differently."""
    for name, content in {"ca.crt": CA, "client.crt": CERTIFICATE, "client.key": KEY, "token": b"s3cret"}.items():
        write(tmp_path / "tls" / name, content)
    choice = choose([write(tmp_path / "config", config(*STATIC[case]))], None)

    assert choice.is_static
    ours, theirs = (replace(each(choice), renew=None) for each in (endpoint, official_endpoint))
    assert asdict(ours) == asdict(theirs)  # an endpoint's own repr shows nothing


def test_the_fast_way_does_not_import_the_official_client(tmp_path: Path) -> None:
    code = (
        "import sys; from blueprint.apiserver.connect import _locate;"
        f"_locate({str(write(tmp_path / 'c', config({'token': 't'})))!r}, None);"
        "sys.exit('kubernetes' in sys.modules)"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("key", ["exec", "auth-provider"])
def test_credentials_that_must_be_obtained_are_not_in_the_file(key: str, tmp_path: Path) -> None:
    assert not choose([write(tmp_path / "c", config({key: {"command": "x"}}))], None).is_static


def test_an_identity_provider_that_gives_nothing_is_refused(tmp_path: Path) -> None:
    choice = choose([write(tmp_path / "c", config({"auth-provider": {"name": "none such"}}))], None)
    slug, message, _ = refusal(lambda: endpoint_of(choice))
    assert (slug, "'prod': its identity provider returned none" in message) == ("credentials-failed", True)


def test_a_proxy_is_left_to_the_official_client(tmp_path: Path) -> None:
    path = write(tmp_path / "c", config({"token": "t"}, {"proxy-url": "http://proxy:3128"}))
    assert official_endpoint(choose([path], None)).proxy == "http://proxy:3128"


V1 = "client.authentication.k8s.io/v1"


def plugin(script: str, **more: Any) -> dict[str, Any]:
    """A user whose credential plugin is a Python script."""
    return {"exec": {"apiVersion": V1, "command": sys.executable, "args": ["-c", script], **more}}


def answering(status: dict[str, str]) -> str:
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": status}
    return f"print({orjson.dumps(answer).decode()!r})"


def chosen(folder: Path, user: Any, cluster: Any = None) -> Choice:
    return choose([write(folder / "c", config(user, cluster) if cluster else config(user))], None)


def test_a_plugin_is_run_without_the_official_client(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    assert endpoint_of(chosen(tmp_path, plugin(answering({"token": "T"})))).authorization == "Bearer T"


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    place = endpoint_of(chosen(tmp_path, plugin(answering({"clientCertificateData": "C", "clientKeyData": "K"}))))
    assert (place.certificate, place.key, place.authorization) == (b"C", b"K", None)


def test_a_plugin_gets_its_environment_and_runs_again_after_a_401(tmp_path: Path) -> None:
    """The environment, the cluster, and that no one can answer prompts."""
    script = f"""
import json, os, pathlib
runs = pathlib.Path({str(tmp_path / "runs")!r})
runs.write_text((runs.read_text() if runs.exists() else "") + ".")
spec = json.loads(os.environ["KUBERNETES_EXEC_INFO"])["spec"]
token = " ".join([os.environ["WHO"], spec["cluster"]["server"], str(spec["interactive"]), runs.read_text()])
print(json.dumps({{"apiVersion": {V1!r}, "kind": "ExecCredential", "status": {{"token": token}}}}))
"""
    user = plugin(script, env=[{"name": "WHO", "value": "me"}], provideClusterInfo=True, interactiveMode="Never")
    place = endpoint_of(chosen(tmp_path, user))
    assert place.renew is not None
    assert place.authorization == "Bearer me https://127.0.0.1:1 False ."
    assert place.renew() == "Bearer me https://127.0.0.1:1 False .."


def test_a_plugin_beside_the_kubeconfig_is_found_there(tmp_path: Path) -> None:
    script = write(tmp_path / "bin" / "login", f"#!{sys.executable}\n{answering({'token': 'near'})}\n".encode())
    script.chmod(0o755)
    user = {"exec": {"apiVersion": V1, "command": "./bin/login"}}
    assert endpoint_of(chosen(tmp_path, user)).authorization == "Bearer near"


FAILING = {
    "an exit code": (plugin("import sys; sys.exit('log in first\\nsecret')"), "process returned 1. log in first"),
    "no such program": ({"exec": {"apiVersion": V1, "command": "no-such-plugin"}}, "no-such-plugin: No such file"),
    "no JSON": (plugin("print('hello')"), "not an ExecCredential"),
    "another version": (
        plugin(answering({"token": "t"}).replace("/v1", "/v1beta1")),
        "not client.authentication.k8s.io/v1",
    ),
    "nothing in it": (plugin(answering({})), "missing token or clientCertificateData"),
    "no key": (plugin(answering({"clientCertificateData": "C"})), "missing clientKeyData"),
    "no command": ({"exec": {"apiVersion": V1}}, "it needs `command` and `apiVersion`"),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_a_plugin_failed_with_is_reported(case: str, tmp_path: Path) -> None:
    user, words = FAILING[case]
    slug, message, _ = refusal(lambda: endpoint_of(chosen(tmp_path, user)))
    assert slug == "credentials-failed"
    assert message.startswith("no credentials for context 'prod': exec: ")
    assert words in message
    assert "secret" not in message, "what follows the first line may be confidential"


def test_how_to_install_a_plugin_is_passed_on(tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": V1, "command": "no-such-plugin", "installHint": "apt install it"}}
    assert refusal(lambda: endpoint_of(chosen(tmp_path, user)))[2] == "apt install it"


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    user = {"token": "s3cret-token", "client-key-data": encoded(b"s3cret-key")}
    choice = choose([write(tmp_path / "c", config(user))], None)
    assert "s3cret" not in repr(choice) + repr(endpoint(choice))
    assert encoded(b"s3cret-key") not in repr(choice)


def test_of_several_files_the_first_to_name_something_wins(tmp_path: Path, monkeypatch) -> None:
    first = write(tmp_path / "a" / "c", config({"tokenFile": "token"}))
    write(tmp_path / "a" / "token", b"first")
    second = config({"token": "second"}) | {"current-context": "other"}
    second["contexts"].append({"name": "other", "context": {"cluster": "c", "user": "u"}})
    write(tmp_path / "b", second)
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{tmp_path / 'b'}")

    files = find_files(None)

    assert endpoint(choose(files, None)).authorization == "Bearer first"
    assert choose(files, "other").context == "other"


def test_a_token_file_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    token = write(tmp_path / "token", b"old\n")
    place = endpoint(choose([write(tmp_path / "c", config({"tokenFile": "token"}))], None))
    token.write_text("new\n")
    assert place.renew is not None
    assert (place.authorization, place.renew()) == ("Bearer old", "Bearer new")


WRONG: dict[str, tuple[Any, str, str]] = {
    "not yaml": (b"a: [1\nb: 2\n", "kubeconfig-malformed", ":2:"),
    "a tab": (b"a:\n\tb: 1\n", "kubeconfig-malformed", "is not YAML"),
    "binary": (b"\xff\xfe\x00\x01", "kubeconfig-malformed", "is not"),
    "empty": (b"", "kubeconfig-malformed", "not a mapping"),
    "a list": (b"- 1\n", "kubeconfig-malformed", "not a mapping"),
    "clusters is a map": (config({}) | {"clusters": {"c": 1}}, "kubeconfig-malformed", "`clusters` is not a list"),
    "user without a name": (config({}) | {"users": [{"user": {}}]}, "kubeconfig-malformed", "`users[0]`"),
    "context is text": (config({}) | {"contexts": ["prod"]}, "kubeconfig-malformed", "`contexts[0]`"),
    "no current context": (config({}) | {"current-context": ""}, "unknown-context", "no current-context"),
    "cluster gone": (config({}) | {"clusters": []}, "unknown-context", "cluster 'c'"),
    "no server": (config({}, {"server": ""}), "kubeconfig-malformed", "no `server`"),
    "impersonation": (config({"token": "t", "as": "admin"}), "credentials-failed", "`as`"),
    "key not base64": (config({"client-key-data": "%"}), "kubeconfig-malformed", "client-key-data"),
    "key file gone": (config({"client-key": "gone.key"}), "kubeconfig-unreadable", "gone.key"),
    "certificate is none": (
        config({"client-certificate-data": encoded(b"no"), "client-key-data": encoded(b"no")}),
        "kubeconfig-malformed",
        "certificates of context 'prod'",
    ),
    "authority is none": (
        config({"token": "t"}, {"certificate-authority-data": encoded(b"no")}),
        "kubeconfig-malformed",
        "certificates of context 'prod'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_kubeconfig_gets_clear_words(case: str, tmp_path: Path) -> None:
    content, slug, words = WRONG[case]
    path = write(tmp_path / "config", content)
    found = refusal(lambda: connect(str(path)))
    assert (found[0], words in found[1]) == (slug, True), found


def test_an_unknown_context_gets_the_nearest_spelling(tmp_path: Path) -> None:
    path = write(tmp_path / "config", config({}))
    slug, message, help_text = refusal(lambda: connect(str(path), "prd"))
    assert slug == "unknown-context"
    assert "'prd'" in message
    assert "did you mean 'prod'?" in help_text


def test_a_file_that_is_not_there_is_reported(tmp_path: Path, monkeypatch) -> None:
    assert refusal(lambda: connect(str(tmp_path / "none")))[0] == "no-kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert "KUBECONFIG" in refusal(connect)[1]
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert "lab up" in refusal(connect)[2]


def test_a_folder_is_not_a_kubeconfig(tmp_path: Path) -> None:
    assert refusal(lambda: connect(str(tmp_path)))[0] == "kubeconfig-unreadable"


def test_the_environment_s_proxy_is_used_and_exempted_hosts_are_not(monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".internal")
    proxies = [
        with_environment_proxy(Endpoint(f"https://{host}:6443")).proxy
        for host in ("api.example.com", "api.internal", "127.0.0.1")
    ]
    assert proxies == ["http://proxy:3128", None, None]
