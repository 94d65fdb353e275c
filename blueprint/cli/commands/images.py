"""List every container image that the platform pulls, including those that operators pull later.

--report json writes them as data, --report cyclonedx as a bill of materials.

With --verify, the command asks each image's registry, taking mirrors into account, whether the tag exists, and whether
it has the digest that its vendor pins. Exit code 1: an image is missing or has different content; 3: a registry could
not be queried, so its images are unknown.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report, add_target, add_timeout, compile_target, load_bundle
from blueprint.cli.targets import is_bundle
from blueprint.diagnostics import Refused

if TYPE_CHECKING:
    from blueprint.bundle.images import PulledImage
    from blueprint.bundle.model import Bundle
    from blueprint.diagnostics import Span
    from blueprint.registry import RequiredImage, Verification
    from blueprint.report.model import Run

_DECIDING = (".registries.", ".driver.version", ".driver.branch")
_LONGEST_WAIT = 3600
HELP = "list every image that the platform pulls, and verify it at its registry"
GROUP = "review"
STEP = 4
EXAMPLES = (
    "blueprint images",
    "blueprint images --verify",
    "blueprint images --report json=images.json --report cyclonedx=bom.json",
)


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser)
    parser.add_argument("--verify", action="store_true", help="check at the registries whether the images exist")
    parser.add_argument(
        "--registry-config",
        metavar="FILE",
        help="Docker's credentials file ($REGISTRY_AUTH_FILE, then ~/.docker/config.json)",
    )
    parser.add_argument(
        "--insecure-registry",
        metavar="HOST[:PORT]",
        action="append",
        default=[],
        help="contact this registry without TLS (repeatable)",
    )
    add_timeout(parser, "timeout for one response")
    add_report(parser)


def run(options: Namespace) -> Run:
    """Print one reference per line, with the digest if the vendor pins one; or the results from the registries."""
    if options.verify:
        return _verified(options)
    from blueprint.cli.pulled import pulled
    from blueprint.report import Coverage, Run, destinations

    options.prints = all(each.path for each in destinations(options.report))
    bundle, images = _pulled_images(options)
    if options.prints:
        sys.stdout.writelines(f"{image.ref}@{image.digest}\n" if image.digest else f"{image.ref}\n" for image in images)
    return Run(
        "images",
        f"images of {bundle.name}",
        coverage=(Coverage("images", len(images)),),
        subject={"blueprint": bundle.name, "version": bundle.version, "digest": bundle.digest},
        verdict=f"{len(images)} images are pulled",
        images=tuple(pulled(images, bundle)),
    )


def _pulled_images(options: Namespace) -> tuple[Bundle, tuple[PulledImage, ...]]:
    """The bundle of TARGET, and its images."""
    from blueprint.bundle.images import PulledImage

    if is_bundle(options.target):
        bundle = load_bundle(options)
        stored = json.loads((Path(options.target) / "blueprint.lock").read_bytes())["images"]
        return bundle, tuple(PulledImage(image["ref"], image["component"], image["digest"]) for image in stored)
    compilation = compile_target(options)
    return compilation.valid_bundle(), compilation.images


def _verified(options: Namespace) -> Run:
    import time

    from blueprint.registry import read_credentials, verify_images
    from blueprint.registry.client import RegistryClient

    _check(options)
    credentials = read_credentials(options.registry_config)
    images, texts = _wanted(options)
    asker = RegistryClient(credentials, frozenset(options.insecure_registry), options.timeout, time.sleep)
    return _run_of(options.target, verify_images(images, asker), texts)


def _check(options: Namespace) -> None:
    """Raise Refused for invalid combinations of flags."""
    from blueprint.diagnostics import Diagnostic
    from blueprint.diagnostics.codes import USAGE

    if not 0 < options.timeout <= _LONGEST_WAIT:
        message = f"--timeout {options.timeout:g}: must be a number of seconds up to {_LONGEST_WAIT}"
        raise Refused(Diagnostic(USAGE, message), exit_code=2)
    for host in options.insecure_registry:
        if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", host):
            message = f"--insecure-registry {host}: must be a host, with or without a port, without scheme and path"
            raise Refused(Diagnostic(USAGE, message), exit_code=2)


def _wanted(options: Namespace) -> tuple[list[RequiredImage], dict[str, str]]:
    """The images of a bundle or a blueprint, and the texts that contain their sources."""
    from blueprint.registry import RequiredImage

    bundle, images = _pulled_images(options)
    return [RequiredImage(image.ref, image.digest, image.pulled_by, _place(image)) for image in images], dict(
        bundle.texts
    )


def _place(image: PulledImage) -> Span | None:
    """The line that determines the image's registry or the driver; None if the release does."""
    from blueprint.platform.tracking.sources import WRITTEN

    lines = {source.path: source.span for source in image.sources if source.layer in WRITTEN}
    return next((lines[path] for part in _DECIDING for path in lines if part in path), None)


def _run_of(target: str, verified: Verification, texts: dict[str, str]) -> Run:
    from blueprint.diagnostics import has_errors
    from blueprint.report.model import Coverage, Run

    wrong = has_errors(verified.diagnostics)
    reason = "a registry could not be queried" if verified.unknown else ""
    if wrong:
        verdict = "Nodes could not pull everything that this platform needs"
    elif verified.unknown:
        verdict = "All others exist" if verified.decided else "No registry could be queried"
    else:
        verdict = "Every image exists and matches its vendor's pin"
    return Run(
        "images",
        f"images of {target}, looked up at their registries",
        diagnostics=verified.diagnostics,
        coverage=(Coverage("images", verified.decided, verified.unknown, reason),),
        verdict=verdict,
        exit_code=1 if wrong else 3 if verified.unknown else 0,
        texts=texts,
    )
