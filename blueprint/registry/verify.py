"""Verifies that each image of a platform exists and has the pinned content."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from blueprint.diagnostics import Code, Diagnostic, Span
from blueprint.records import Record
from blueprint.registry import client, codes
from blueprint.registry.client import RegistryClient
from blueprint.registry.reference import ImageReference, parse_reference

CONCURRENCY = 4
_UNDECIDED: dict[type[client.Undecided], Code] = {
    client.Unreachable: codes.REGISTRY_UNREACHABLE,
    client.Unauthorised: codes.REGISTRY_UNAUTHORISED,
    client.Unusable: codes.REGISTRY_ANSWER,
}
_WAYS_OUT = {
    codes.REGISTRY_UNREACHABLE: "use --insecure-registry HOST without TLS, or SSL_CERT_FILE for a private authority",
    codes.REGISTRY_UNAUTHORISED: "log in with docker or podman, or specify a credentials file with --registry-config",
    codes.REGISTRY_ANSWER: "try again later",
}


class RequiredImage(Record):
    """An image that the platform pulls: `registry/path:tag`, the pinned digest, the component that pulls it, and the
    deciding line.
    """

    ref: str
    digest: str | None = None
    pulled_by: str = ""
    at: Span | None = None


class Verification(Record):
    """The result: `diagnostics` about images with problems, and the number of images queried."""

    diagnostics: tuple[Diagnostic, ...]
    decided: int
    unknown: int


def verify_images(images: Sequence[RequiredImage], asker: RegistryClient) -> Verification:
    """Query all images, a few at a time."""
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        try:
            verdicts = list(pool.map(lambda image: _verify(image, asker), images))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    found = [answer for answer in verdicts if answer is not None]
    unknown = sum(answer.code in _WAYS_OUT for answer in found)
    return Verification(tuple(found), len(images) - unknown, unknown)


def _verify(image: RequiredImage, asker: RegistryClient) -> Diagnostic | None:
    """A diagnostic about one image; None if it exists and matches the pinned digest."""
    try:
        reference = parse_reference(image.ref)
    except ValueError as error:
        return _found(codes.IMAGE_REFERENCE, str(error), image)
    pinned = image.digest or reference.digest
    try:
        there = asker.digest_of(reference)
        if there is None:
            return _found(codes.IMAGE_MISSING, f"{image.ref} is not in its registry", image)
        if pinned is None or there == pinned or _lists(asker, reference, pinned):
            return None
    except client.Undecided as error:
        code = _UNDECIDED[type(error)]
        return _found(code, f"it is unknown whether {image.ref} exists: {error}", image, help_=_WAYS_OUT[code])
    help_ = "copy the image again with all of its architectures, or find out who moved the tag"
    return _found(
        codes.IMAGE_DIGEST,
        f"{image.ref} does not have the digest that its vendor pins",
        image,
        pinned,
        there,
        help_=help_,
    )


def _lists(asker: RegistryClient, reference: ImageReference, pinned: str) -> bool:
    """Whether the tag refers to an index that lists the pinned digest: vendors pin either."""
    return pinned in client.listed_digests(asker.manifest(reference))


def _found(code: Code, message: str, image: RequiredImage, *digests: str, help_: str | None = None) -> Diagnostic:
    pairs = zip(("pulled by", "pinned", "in the registry"), (image.pulled_by, *digests), strict=False)
    evidence = tuple((name, text) for name, text in pairs if text)
    return Diagnostic(code, message, at=image.at, evidence=evidence, help=help_)
