"""Images and amounts of containers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.amounts import AMOUNT_IMPLAUSIBLE, REQUEST_ABOVE_LIMIT, amounts
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

NOT_PINNED = define("BP6115", "image-not-pinned", page=__file__, severity=Severity.WARNING)
CUDA_GONE = define("BP6179", "cuda-image-gone", page=__file__, severity=Severity.WARNING)
OF_NGC = define("BP6182", "ngc-image-on-docker-hub", page=__file__, severity=Severity.WARNING)
NO_IMAGE = define("BP6181", "container-without-image", page=__file__)
_NO_VERSION = ("", "latest")
_CUDA = lazy_pattern(
    r"(?:docker\.io/)?nvidia/cuda(?::(?:latest|[0-9]+\.[0-9]+(?:-.*)?))?|nvcr\.io/nvidia/cuda(?::latest)?"
)
"""Images of CUDA that Docker Hub or NGC have removed, or never had: all versions that are left have three numbers."""
_NGC = lazy_pattern(r"(?:docker\.io/)?(nvidia/(?:nemo|pytorch|tensorflow|tritonserver)(?::.*)?)")
"""Images that only nvcr.io has. NVIDIA's organization on Docker Hub has those of CUDA, and a few more."""


@rule(NOT_PINNED, CUDA_GONE, OF_NGC, tags=("reliability",))
def pinned(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Images without a version, and those that the registry does not have."""
    for path, container in pod.containers:
        image = container.get("image")
        if not isinstance(image, str) or not image or "@" in image:
            continue
        at = (*path, "image")
        field = format_path(at, pod.subject.data)
        if _CUDA.fullmatch(image):
            help_ = "a tag has three numbers, a flavour and a system: 12.4.1-base-ubuntu22.04"
            yield ObjectFinding(
                CUDA_GONE, at, f"{field} is {image}, which cannot be pulled: there is no such tag", help_
            )
        elif found := _NGC.fullmatch(image):
            text = f"{field} is {image}, which cannot be pulled: Docker Hub has no such image"
            yield ObjectFinding(OF_NGC, at, text, f"did you mean nvcr.io/{found[1]}?")
        elif image.rpartition("/")[2].partition(":")[2] in _NO_VERSION:
            text = f"{field} is {image}, which has no version"
            yield ObjectFinding(NOT_PINNED, at, text, "use a version tag, or preferably a digest")


@rule(NO_IMAGE, tags=("scheduling",))
def imageless(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Containers without an image in the workloads of operators, whose schemas do not require one."""
    is_of_an_operator = "." in pod.subject.id.group
    for path, container in pod.containers if is_of_an_operator and "image" not in pod.completed else ():
        if not container.get("image"):
            text = f"{format_path(path, pod.subject.data)} has no image"
            yield ObjectFinding(NO_IMAGE, path, text, "set image: the API server rejects the pods of this object")


@rule(AMOUNT_IMPLAUSIBLE, REQUEST_ABOVE_LIMIT, tags=("reliability",))
def sized(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Implausibly small requests and limits."""
    for path, container in pod.containers:
        yield from amounts(container.get("resources"), (*path, "resources"))


RULES = (pinned, imageless, sized)
