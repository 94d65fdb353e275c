"""Images and amounts of containers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.amounts import AMOUNT_IMPLAUSIBLE, REQUEST_ABOVE_LIMIT, amounts
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

NOT_PINNED = define("BP6115", "image-not-pinned", page=__file__, severity=Severity.WARNING)


@rule(NOT_PINNED, tags=("reliability",))
def pinned(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Images without a version."""
    for path, container in pod.containers:
        image = container.get("image")
        if not isinstance(image, str) or not image or "@" in image:
            continue
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            at = (*path, "image")
            text = f"{format_path(at, pod.subject.data)} is {image}, which has no version"
            yield ObjectFinding(NOT_PINNED, at, text, "use a version tag, or preferably a digest")


@rule(AMOUNT_IMPLAUSIBLE, REQUEST_ABOVE_LIMIT, tags=("reliability",))
def sized(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Implausibly small requests and limits."""
    for path, container in pod.containers:
        yield from amounts(container.get("resources"), (*path, "resources"))


RULES = (pinned, sized)
