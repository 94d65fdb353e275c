"""Container images, as listed in bundles."""

from __future__ import annotations

from blueprint.platform.tracking.sources import Source
from blueprint.records import Record

DIGEST = "sha256:"


class PulledImage(Record):
    """One image reference. `pulled_by` is the component, `digest` the digest that its vendor pins, if known."""

    ref: str
    pulled_by: str
    digest: str | None = None
    sources: tuple[Source, ...] = ()

    @property
    def pinned(self) -> str:
        """The reference with its digest, if known."""
        return f"{self.ref}@{self.digest}" if self.digest else self.ref


def parts_of(ref: str) -> tuple[str, str, str]:
    """The name, tag and digest; missing parts are empty."""
    rest, _, digest = ref.partition(f"@{DIGEST}")
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, ""
    return name, tag, f"{DIGEST}{digest}" if digest else ""
