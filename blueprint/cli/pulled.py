"""The images of a platform in reports: name and tag separately, with the component that pulls them and the deciding
line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.bundle.images import PulledImage, parts_of
from blueprint.bundle.model import Bundle
from blueprint.platform.tracking.sources import line_to_change
from blueprint.render.images import named_in_pods
from blueprint.report.model import ReportedImage


def pulled(images: Iterable[PulledImage], bundle: Bundle) -> Iterator[ReportedImage]:
    """Each image, in the order given."""
    in_pods = named_in_pods(bundle.objects)
    sources = {fact.what: fact.sources for fact in bundle.facts if fact.what.startswith("the image ")}
    for image in images:
        name, tag, digest = parts_of(image.ref)
        yield ReportedImage(
            ref=image.ref,
            name=name,
            tag=tag,
            digest=digest or image.digest,
            component=image.pulled_by,
            pulled_by="manifest" if image.ref in in_pods else "operator",
            source=line_to_change(sources.get(f"the image {image.ref}", ())),
        )
