"""Image references: which registry, which repository, which tag or digest."""

from __future__ import annotations

from blueprint.patterns import lazy_pattern
from blueprint.records import Record

DIGEST = lazy_pattern(r"sha256:[0-9a-f]{64}")
_REFERENCE = lazy_pattern(
    r"(?P<path>[A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_DOCKER_HUB = ("docker.io", "index.docker.io")


class ImageReference(Record):
    """`host` as users write it, the `repository` on it, and the requested tag or digest."""

    host: str
    repository: str
    tag: str
    digest: str | None = None

    @property
    def server(self) -> str:
        """The host of the registry's API, which for Docker Hub differs from that in image names."""
        return "registry-1.docker.io" if self.host == "docker.io" else self.host


def parse_reference(text: str) -> ImageReference:
    """Parse an image reference by Docker's rules: the default host is Docker Hub, the default tag `latest`. Raises
    ValueError if it is invalid.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not an image reference")
    first, _, rest = match["path"].partition("/")
    has_host = bool(rest) and ("." in first or ":" in first or first == "localhost")
    host, repository = (first, rest) if has_host else ("docker.io", match["path"])
    if host in _DOCKER_HUB:
        host, repository = "docker.io", repository if "/" in repository else f"library/{repository}"
    if ":" in repository or not repository.islower():
        raise ValueError(f"{text} is not an image reference")
    return ImageReference(host, repository, match["tag"] or "latest", match["digest"])
