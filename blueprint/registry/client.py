"""The part of the registry API v2 that resolves tags to digests. The only module that queries registries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from blueprint.http import Failure, HttpClient, HttpError, Response, environment_proxy, retry_pause
from blueprint.patterns import lazy_pattern
from blueprint.registry.credentials import Credentials
from blueprint.registry.reference import DIGEST, ImageReference

ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_MOST_BYTES = 4 * 2**20
_MOST_REDIRECTS = 5
_ATTEMPTS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_PARAMETER = lazy_pattern(r'([A-Za-z]+)\s*=\s*"([^"]*)"')
_LATER = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_CLOSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Undecided(Exception):  # noqa: N818 - an outcome of asking
    """The registry did not give a result. Subclasses distinguish the reason; the message contains no secrets."""


class Unreachable(Undecided):
    """The registry did not respond."""


class Unauthorised(Undecided):
    """The registry requires other credentials."""


class Unusable(Undecided):
    """A response from which nothing can be concluded."""


@dataclass
class RegistryClient:
    """Queries registries. Thread-safe.

    Attributes:
        credentials: The credentials, each of which is sent only to its own registry.
        insecure: Hosts (with port) that are accessed without TLS.
        timeout: The timeout of one response in seconds.
        pause: Sleeps for a number of seconds before a retry.
    """

    credentials: Credentials
    insecure: frozenset[str] = frozenset()
    timeout: float = 60.0
    pause: Callable[[float], None] = field(default=lambda _seconds: None)

    def __post_init__(self) -> None:
        self._http = HttpClient(self.timeout, proxy=environment_proxy)

    def digest_of(self, image: ImageReference) -> str | None:
        """The digest of the tag (or digest); None if it does not exist. Raises Undecided."""
        response = self._manifest("HEAD", image)
        if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
            response = self._manifest("GET", image)
        if response.status in _GONE:
            return None
        if response.status != HTTPStatus.OK:
            raise self._closed(image, response) if response.status in _CLOSED else _undecided(image.host, response)
        digest = response.headers.get("Docker-Content-Digest", "")
        return digest if DIGEST.fullmatch(digest) else _sha256(self.manifest(image))

    def manifest(self, image: ImageReference) -> bytes:
        """The manifest. Raises Undecided."""
        response = self._manifest("GET", image)
        if response.status != HTTPStatus.OK:
            raise _undecided(image.host, response)
        if len(response.body) > _MOST_BYTES:
            raise Unusable(f"{image.host} answered with a manifest of more than {_MOST_BYTES // 2**20} MiB")
        return response.body

    def _closed(self, image: ImageReference, response: Response) -> Unauthorised:
        why = "it requires other credentials, or does not disclose which images exist"
        return Unauthorised(f"{image.host} answers {response.status}: {why}{self._problem(image)}")

    def _problem(self, image: ImageReference) -> str:
        """Why there may be no credentials for a registry, as the end of a sentence."""
        problem = self.credentials.problem(image.host, image.repository)
        return f"; {problem}" if problem else ""

    def _manifest(self, method: str, image: ImageReference) -> Response:
        scheme = "http" if image.server in self.insecure else "https"
        url = f"{scheme}://{image.server}/v2/{image.repository}/manifests/{image.digest or image.tag}"
        response = self._request(method, url, {"Accept": ACCEPT})
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        authorization = self._authorization(image, response.headers.get("WWW-Authenticate", ""))
        if authorization is None:
            return response
        return self._request(method, url, {"Accept": ACCEPT, "Authorization": authorization})

    def _authorization(self, image: ImageReference, challenge: str) -> str | None:
        """The authorization that the registry requires; None without credentials."""
        basic = self.credentials.for_repository(image.host, image.repository)
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return basic
        parameters = dict(_PARAMETER.findall(rest))
        if kind.lower() != "bearer" or "realm" not in parameters:
            return None
        query = {"service": parameters.get("service", ""), "scope": f"repository:{image.repository}:pull"}
        realm = _split(parameters["realm"])
        url = f"{parameters['realm']}{'&' if realm.query else '?'}{urlencode({k: v for k, v in query.items() if v})}"
        response = self._request("GET", url, {"Authorization": basic} if basic else {})
        if response.status in _CLOSED:
            raise Unauthorised(
                f"{image.host} {'rejects the' if basic else 'requires'} credentials{self._problem(image)}"
            )
        if response.status != HTTPStatus.OK:
            raise _undecided(realm.netloc, response)
        return f"Bearer {_token(response.body, realm.netloc)}"

    def _request(self, method: str, url: str, headers: dict[str, str]) -> Response:
        """One response, after redirects; credentials are not sent to other hosts."""
        home = urlsplit(url).netloc
        for _ in range(_MOST_REDIRECTS + 1):
            self._check(url)
            response = self._patiently(method, url, headers)
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                return response
            url = _joined(url, target)
            if _split(url).netloc != home:
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        raise Unusable(f"{home} redirects too often")

    def _check(self, url: str) -> None:
        parts = _split(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.netloc in self.insecure):
            return
        raise Unusable(f"{parts.netloc or 'the registry'} would be contacted without TLS, which is not allowed")

    def _patiently(self, method: str, url: str, headers: dict[str, str]) -> Response:
        """Send a request, and retry if the registry is overloaded."""
        for attempt in range(_ATTEMPTS):
            response = self._once(method, url, headers)
            if response.status not in _LATER or attempt == _ATTEMPTS - 1:
                break
            self.pause(retry_pause(response.headers, attempt, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
        return response

    def _once(self, method: str, url: str, headers: dict[str, str]) -> Response:
        host = urlsplit(url).netloc
        try:
            return self._http.send(method, url, headers, most_bytes=_MOST_BYTES)
        except HttpError as error:
            if error.failure is Failure.TIMEOUT:
                raise Unreachable(f"{host} did not answer within {self.timeout:g} s") from error
            raise Unreachable(f"{host} cannot be reached: {error.text}") from error


def listed_digests(manifest: bytes) -> frozenset[str]:
    """The digests in an index, one per architecture; empty for any other manifest."""
    try:
        entries = json.loads(manifest)["manifests"]
        return frozenset(entry["digest"] for entry in entries)
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Unusable("the registry names an invalid address") from error


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise Unusable("the registry redirects to an invalid address") from error


def _undecided(host: str, response: Response) -> Undecided:
    if response.status in _CLOSED:
        return Unauthorised(
            f"{host} answers {response.status}: it requires other credentials, or does not disclose which images exist"
        )
    return Unusable(f"{host} answers {response.status}")


def _token(body: bytes, host: str) -> str:
    try:
        answer = json.loads(body)
        token = answer.get("token") or answer["access_token"]
    except (ValueError, KeyError, AttributeError) as error:
        raise Unusable(f"{host} returned no token") from error
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Unusable(f"{host} returned no token")
    return token


def _sha256(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"
