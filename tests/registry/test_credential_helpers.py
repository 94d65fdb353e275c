"""Credential helpers of a docker configuration: the servers for which they are called, and their responses."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from blueprint.registry import RequiredImage, read_credentials, verify_images
from blueprint.registry.client import RegistryClient
from blueprint.registry.credential_helpers import CredentialHelpers
from blueprint.registry.credentials import Credentials
from tests.support.image_registry import Registry

HELPER = """#!{python}
import json, pathlib, sys
assert sys.argv[1:] == ["get"]
server = sys.stdin.read()
with open({log!r}, "a") as log:
    log.write(server + "\\n")
answer = json.loads({answers!r}).get(server)
if answer is None:
    print("credentials not found in native keychain")
    sys.exit(1)
print(json.dumps(answer) if isinstance(answer, dict) else answer)
sys.exit(3 if answer == "broken" else 0)
"""


@pytest.fixture
def helper(tmp_path: Path, monkeypatch):
    """Put a helper on PATH that responds from a table; returns the list of servers for which it was called."""

    def install(name: str, answers: dict[str, object]):
        path = tmp_path / f"docker-credential-{name}"
        log = tmp_path / f"{name}.log"
        path.write_text(HELPER.format(python=sys.executable, log=str(log), answers=json.dumps(answers)))
        path.chmod(0o755)
        return lambda: log.read_text().split() if log.exists() else []

    monkeypatch.setenv("PATH", str(tmp_path))
    return install


def login(user: str, secret: str) -> dict[str, str]:
    return {"ServerURL": "x", "Username": user, "Secret": secret}


def pair(known: Credentials, host: str, repository: str = "a") -> str | None:
    found = known.for_repository(host, repository)
    return base64.b64decode(found.removeprefix("Basic ")).decode() if found else None


def configured(tmp_path: Path, **content: object) -> Credentials:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    return read_credentials(str(path))


def test_the_store_provides_what_the_file_lacks(tmp_path: Path, helper) -> None:
    asked = helper("desktop", {"helped.example": login("ann", "1"), "https://index.docker.io/v1/": login("hub", "2")})
    auths = {"file.example": {"username": "d", "password": "4"}, "helped.example": {}}
    known = configured(tmp_path, auths=auths, credsStore="desktop")
    hosts = ("file.example", "helped.example", "docker.io", "nobody.example")
    assert [pair(known, host) for host in hosts] == ["d:4", "ann:1", "hub:2", None]
    assert asked() == ["helped.example", "https://index.docker.io/v1/", "nobody.example"]
    assert [known.problem(host, "a") for host in hosts] == [""] * 4


def test_a_helper_of_one_registry_wins_over_the_store_and_the_file(tmp_path: Path, helper) -> None:
    helper("cloud", {"gcr.example": login("robot", "right")})
    store = helper("desktop", {"gcr.example": login("robot", "wrong")})
    auths = {"gcr.example": {"username": "robot", "password": "old"}}
    known = configured(tmp_path, auths=auths, credsStore="desktop", credHelpers={"https://gcr.example": "cloud"})
    assert pair(known, "gcr.example") == "robot:right"
    assert store() == []


def test_a_helper_is_asked_once_and_its_secrets_are_in_no_repr(helper) -> None:
    asked = helper("desktop", {"reg.example": login("ann", "s3cret")})
    known = Credentials(helpers=CredentialHelpers("desktop"))
    assert {pair(known, "reg.example", repository) for repository in "abc"} == {"ann:s3cret"}
    assert asked() == ["reg.example"]
    assert "s3cret" not in repr(known)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("gone", None, "docker-credential-gone cannot be run: No such file or directory"),
        ("../sh", None, "is not the name of a credential helper"),
        ("desktop", "broken", "docker-credential-desktop failed with exit code 3"),
        ("desktop", "no JSON", "returned no readable credentials"),
        ("desktop", login("<token>", "t"), "identity token, which is not supported"),
    ],
)
def test_a_helper_that_gives_none_is_not_an_error_and_has_its_reason(helper, name: str, answer, words: str) -> None:
    helper("desktop", {"reg.example": answer})
    known = Credentials(helpers=CredentialHelpers(name))
    assert known.for_repository("reg.example", "a") is None
    assert words in known.problem("reg.example", "a")


def test_a_registry_gets_the_credentials_of_its_helper(registry: Registry, helper) -> None:
    registry.auth = "basic"
    registry.add("team/app:v1")
    helper("desktop", {registry.host: login(*registry.user)})
    asker = RegistryClient(Credentials(helpers=CredentialHelpers("desktop")), frozenset({registry.host}), timeout=5.0)
    assert verify_images([RequiredImage(f"{registry.host}/team/app:v1")], asker).diagnostics == ()


def test_a_registry_without_authentication_needs_no_helper(registry: Registry) -> None:
    registry.add("team/app:v1")
    asker = RegistryClient(Credentials(helpers=CredentialHelpers("gone")), frozenset({registry.host}), timeout=5.0)
    assert verify_images([RequiredImage(f"{registry.host}/team/app:v1")], asker).diagnostics == ()


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_if_credentials_are_needed_a_helper_that_cannot_run_is_named(registry: Registry, auth: str) -> None:
    registry.auth = auth
    asker = RegistryClient(Credentials(helpers=CredentialHelpers("gone")), frozenset({registry.host}), timeout=5.0)
    [found] = verify_images([RequiredImage(f"{registry.host}/team/app:v1")], asker).diagnostics
    assert found.code.id == "BP4034"
    assert "docker-credential-gone cannot be run" in found.message
