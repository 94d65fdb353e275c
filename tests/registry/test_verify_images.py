"""Responses of registries about images, and their meaning: present, missing, different content, unknown."""

from __future__ import annotations

import base64
import json
import socket
import threading
from pathlib import Path

import pytest

from blueprint.diagnostics import Refused
from blueprint.registry import Credentials, RequiredImage, read_credentials, verify_images
from blueprint.registry.client import RegistryClient
from blueprint.registry.reference import ImageReference, parse_reference
from tests.support.image_registry import Registry

OTHER = "sha256:" + "0" * 64


def ask(registry: Registry, name: str = "team/app:v1", pinned: str | None = None, **options) -> tuple[str, str] | None:
    """Code and message about one image; None if it is correct."""
    known = options.pop("credentials", Credentials())
    asker = RegistryClient(known, options.pop("insecure", frozenset({registry.host})), **{"timeout": 5.0, **options})
    [*found] = verify_images([RequiredImage(f"{registry.host}/{name}", pinned)], asker).diagnostics
    return (found[0].code.id, found[0].message) if found else None


def code(registry: Registry, *arguments: str, **options) -> str | None:
    found = ask(registry, *arguments, **options)
    return found[0] if found else None


def knows(registry: Registry) -> Credentials:
    return Credentials({registry.host: registry.basic()})


def test_an_existing_tag_is_correct(registry: Registry) -> None:
    registry.add("team/app:v1")
    assert ask(registry) is None
    [(method, path, headers)] = registry.asked
    assert (method, path) == ("HEAD", "/v2/team/app/manifests/v1")
    assert "application/vnd.oci.image.index.v1+json" in headers["Accept"]


def test_a_missing_tag_is_missing(registry: Registry) -> None:
    registry.add("team/app:v1")
    assert ask(registry, "team/app:v2") == ("BP4030", f"{registry.host}/team/app:v2 is not in its registry")


def test_the_pinned_digest_is_compared(registry: Registry) -> None:
    right = registry.add("team/app:v1")
    assert ask(registry, pinned=right) is None
    assert ask(registry, pinned=OTHER) == (
        "BP4031",
        f"{registry.host}/team/app:v1 does not have the digest that its vendor pins",
    )


def test_a_digest_of_one_architecture_may_be_pinned(registry: Registry) -> None:
    registry.add_index("team/app:v1", "sha256:" + "1" * 64, OTHER)
    assert ask(registry, pinned=OTHER) is None
    assert code(registry, pinned="sha256:" + "2" * 64) == "BP4031"


def test_a_reference_by_digest_is_requested_by_digest(registry: Registry) -> None:
    found = registry.add("team/app:v1")
    registry.manifests[f"team/app@{found}"] = registry.manifests["team/app:v1"]
    assert ask(registry, f"team/app:v9@{found}") is None
    assert code(registry, f"team/app:v1@{OTHER}") == "BP4030"


@pytest.mark.parametrize("header", [None, "nonsense"])
def test_without_a_usable_digest_header_the_manifest_is_hashed(registry: Registry, header: str | None) -> None:
    right = registry.add("team/app:v1", b'{"schemaVersion": 2}')
    registry.digest_header = header
    assert ask(registry, pinned=right) is None
    assert code(registry, pinned=OTHER) == "BP4031"


def test_a_registry_without_head_is_queried_with_get(registry: Registry) -> None:
    right = registry.add("team/app:v1")
    registry.head_allowed = False
    assert ask(registry, pinned=right) is None
    assert code(registry, "team/app:v2") == "BP4030"


def test_a_token_is_fetched_for_the_repository_alone(registry: Registry) -> None:
    registry.add("team/app:v1")
    registry.auth = "bearer"
    assert ask(registry, credentials=knows(registry)) is None
    token = registry.asked[1]
    assert "scope=repository%3Ateam%2Fapp%3Apull" in token[1]
    assert token[2]["Authorization"] == registry.basic()
    assert "Authorization" not in registry.asked[0][2], "nothing is sent before it is asked for"


def test_a_public_registry_gives_tokens_to_everyone(registry: Registry) -> None:
    registry.add("team/app:v1")
    registry.auth, registry.anonymous_pull = "bearer", True
    assert ask(registry) is None
    registry.token_answer = b'{"access_token": "token-for-team/app"}'
    assert ask(registry) is None


def test_basic_authentication(registry: Registry) -> None:
    registry.add("team/app:v1")
    registry.auth = "basic"
    assert ask(registry, credentials=knows(registry)) is None
    assert code(registry) == "BP4034"


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_wrong_credentials_are_unknown_and_not_shown(registry: Registry, auth: str) -> None:
    registry.auth = auth
    secret = base64.b64encode(b"robot:wrong-secret").decode()
    found = ask(registry, credentials=Credentials({registry.host: f"Basic {secret}"}))
    assert found is not None
    assert found[0] == "BP4034"
    assert secret not in found[1]
    assert "wrong-secret" not in found[1]


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"token": 7}', b'{"token": "a\\nb: c"}'])
def test_a_token_that_is_none_is_unknown(registry: Registry, answer: bytes) -> None:
    registry.auth, registry.anonymous_pull = "bearer", True
    registry.token_answer = answer or b"\xff"
    assert code(registry) == "BP4035"


@pytest.mark.parametrize("realm", ["http://token.example/", "file:///etc/passwd", "http://[", "ftp://x/"])
def test_credentials_are_never_sent_without_tls_unless_allowed(registry: Registry, realm: str) -> None:
    registry.auth, registry.realm = "bearer", realm
    assert code(registry, credentials=knows(registry)) == "BP4035"
    assert len(registry.asked) == 1


def test_a_server_error_is_unknown(registry: Registry) -> None:
    registry.answers["team/app"] = (500, {})
    assert ask(registry) == (
        "BP4035",
        f"it is unknown whether {registry.host}/team/app:v1 exists: {registry.host} answers 500",
    )


def test_a_busy_registry_is_queried_again_after_the_requested_pause(registry: Registry) -> None:
    registry.add("team/app:v1")
    registry.answers["team/app"] = [(429, {"Retry-After": "2"}), (503, {}), (0, {})]
    pauses: list[float] = []
    assert ask(registry, pause=pauses.append) is None
    assert pauses == [2.0, 1.0]


def test_a_registry_that_stays_busy_is_unknown(registry: Registry) -> None:
    registry.answers["team/app"] = (429, {"Retry-After": "9999"})
    pauses: list[float] = []
    assert code(registry, pause=pauses.append) == "BP4035"
    assert pauses == [5.0, 5.0], "no registry makes us wait for hours"


def test_redirects_are_followed_and_an_endless_loop_is_not(registry: Registry) -> None:
    registry.add("other/app:v1")
    registry.answers["team/app"] = (307, {"Location": "/v2/other/app/manifests/v1"})
    assert ask(registry) is None
    registry.answers["team/app"] = (302, {"Location": "/v2/team/app/manifests/v1"})
    assert ask(registry) == (
        "BP4035",
        f"it is unknown whether {registry.host}/team/app:v1 exists: {registry.host} redirects too often",
    )
    assert len(registry.asked) == 2 + 6


def test_a_redirect_to_another_host_takes_no_credentials_along(registry: Registry) -> None:
    registry.auth = "basic"
    with Registry() as other:
        other.add("team/app:v1")
        registry.answers["team/app"] = (307, {"Location": f"http://{other.host}/v2/team/app/manifests/v1"})
        both = frozenset({registry.host, other.host})
        assert ask(registry, credentials=knows(registry), insecure=both) is None
        assert [("Authorization" in headers) for _, _, headers in other.asked] == [False]


def test_a_redirect_away_from_tls_is_not_followed(registry: Registry) -> None:
    registry.answers["team/app"] = (307, {"Location": "http://elsewhere.example/"})
    assert code(registry) == "BP4035"


def test_a_slow_registry_is_unknown(registry: Registry) -> None:
    registry.add("team/app:v1")
    registry.delay = 1.0
    found = ask(registry, timeout=0.2)
    assert found == (
        "BP4033",
        f"it is unknown whether {registry.host}/team/app:v1 exists: {registry.host} did not answer within 0.2 s",
    )


def test_a_closed_port_is_unknown() -> None:
    with Registry() as registry:
        pass
    found = ask(registry)
    assert found is not None
    assert found[0] == "BP4033"
    assert found[1].endswith("cannot be reached: Connection refused")


def test_without_permission_no_registry_is_queried_without_tls(registry: Registry) -> None:
    """An HTTP server answers a TLS handshake with garbage: it is unreachable, and never queried again without TLS."""
    registry.add("team/app:v1")
    assert code(registry, insecure=frozenset()) == "BP4033"
    assert not registry.asked


def test_a_server_that_speaks_no_http_is_unknown() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.sendall(b"\x00\xffnonsense\r\n\r\n")
        connection.close()

    threading.Thread(target=serve, daemon=True).start()
    registry = Registry()
    registry.host = f"127.0.0.1:{listener.getsockname()[1]}"
    assert code(registry) == "BP4033"
    listener.close()


def test_four_are_queried_at_a_time(registry: Registry) -> None:
    registry.delay = 0.1
    asker = RegistryClient(Credentials(), frozenset({registry.host}), 5.0)
    verified = verify_images([RequiredImage(f"{registry.host}/a{n}:v1") for n in range(12)], asker)
    assert (len(verified.diagnostics), verified.decided, verified.unknown) == (12, 12, 0)
    assert registry.busiest == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nvcr.io/nvidia/driver:580-ubuntu24.04", ImageReference("nvcr.io", "nvidia/driver", "580-ubuntu24.04")),
        ("busybox", ImageReference("docker.io", "library/busybox", "latest")),
        ("team/app:v1", ImageReference("docker.io", "team/app", "v1")),
        ("index.docker.io/busybox:1", ImageReference("docker.io", "library/busybox", "1")),
        ("localhost/a:1", ImageReference("localhost", "a", "1")),
        ("reg:5000/a/b__c-d:1", ImageReference("reg:5000", "a/b__c-d", "1")),
        (f"reg.example/a@{OTHER}", ImageReference("reg.example", "a", "latest", OTHER)),
    ],
)
def test_references_are_read_as_docker_reads_them(text: str, expected: ImageReference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text", ["", "a b", "reg.example/A:1", "reg.example/a:", "reg.example/../b", "https://a/b", "a@sha1:0"]
)
def test_what_is_not_a_reference_is_reported(text: str) -> None:
    [found] = verify_images([RequiredImage(text)], RegistryClient(Credentials())).diagnostics
    assert found.code.id == "BP4032"


def config(tmp_path: Path, content: str) -> str:
    path = tmp_path / "auth.json"
    path.write_text(content, "utf-8")
    return str(path)


def test_the_longest_path_wins_and_the_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    def auth(text: str) -> dict[str, str]:
        return {"auth": base64.b64encode(text.encode()).decode()}

    auths = {
        "reg.example": auth("a:1"), "reg.example/team": auth("b:2"), "https://index.docker.io/v1/": auth("c:3"),
        "plain.example": {"username": "d", "password": "4"}, "helped.example": {},
    }  # fmt: skip
    known = read_credentials(config(tmp_path, json.dumps({"auths": auths, "credsStore": "desktop"})))

    def pair(host: str, repository: str) -> str | None:
        found = known.for_repository(host, repository)
        return base64.b64decode(found.removeprefix("Basic ")).decode() if found else None

    assert pair("reg.example", "other/app") == "a:1"
    assert pair("reg.example", "team/app") == "b:2"
    assert pair("docker.io", "library/busybox") == "c:3"
    assert pair("plain.example", "x") == "d:4"
    assert pair("helped.example", "x") is None
    assert "1" not in repr(known)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"auths": []}', '{"auths": {"r": 7}}', '{"auths": {"r": {"auth": "%secret%"}}}',
     '{"auths": {"r": {"auth": "c2VjcmV0"}}}', '{"auths": {"r": {"auth": 7}}}'],
)  # fmt: skip
def test_a_broken_file_of_credentials_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    with pytest.raises(Refused) as caught:
        read_credentials(config(tmp_path, content))
    [found] = caught.value.diagnostics
    assert (caught.value.exit_code, found.code.id) == (2, "BP4036")
    assert "secret" not in str(found) and "c2Vj" not in str(found)  # noqa: PT018 - one claim


def test_credentials_are_found_where_docker_and_podman_store_them(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    text = '{"auths": {"reg.example": {"username": "a", "password": "b"}}}'
    (tmp_path / ".docker" / "config.json").write_text(text, "utf-8")
    assert read_credentials(None, {"HOME": str(tmp_path)}).basic
    assert read_credentials(None, {"DOCKER_CONFIG": str(tmp_path / ".docker")}).basic
    assert read_credentials(None, {"REGISTRY_AUTH_FILE": config(tmp_path, text)}).basic
    assert not read_credentials(None, {"HOME": str(tmp_path / "nobody")}).basic
