"""How a component is installed if the distribution uses the Operator Lifecycle Manager."""

from collections.abc import Mapping
from typing import Annotated

from blueprint.catalog.facts import Digest, Matching, Text
from blueprint.catalog.settings import Setting
from blueprint.records import Record, field

FileName = Annotated[str, Matching(r"[a-z0-9][a-z0-9-]*\.yaml", "the name of a YAML file in this folder")]


class OlmImage(Record, kw_only=True):
    """An image that the operator's bundle pins to another build than the Helm chart."""

    tag: Text
    digest: Digest
    source: Text


class Olm(Record, kw_only=True):
    """The replacement of a component's CRDs and templates.

    Attributes:
        namespace: The namespace of its namespaced objects.
        package: The operator's package in the catalogue; None if there is no Subscription.
        channel: The package's channel.
        starting_csv: The version that is installed first; None if each release of the distribution has its own.
        templates: Rendered instead of the component's own templates.
        kinds: The kinds that they render. A setting that affects none of them is determined by the operator's bundle.
        images: Images of the bundle that differ from the component's images.
        without: Parts of a pool's network for which the bundle has no image.
        unlisted: Why no images can be listed, if the distribution's catalogue determines all of them.
        refuses: Settings without effect here although they affect one of the kinds, with the reason.
        only: Settings that have an effect only here.
    """

    namespace: Text
    package: Text | None = None
    channel: Text | None = None
    starting_csv: Text | None = None
    templates: tuple[FileName, ...]
    kinds: tuple[Text, ...] = ()
    images: Mapping[Text, OlmImage] = field(default_factory=dict)
    without: tuple[Text, ...] = ()
    unlisted: Text | None = None
    refuses: Mapping[Text, Text] = field(default_factory=dict)
    only: tuple[Text, ...] = ()

    def refusal(self, name: str, setting: Setting) -> str | None:
        """Why a setting has no effect here; None if it affects a rendered object."""
        if any(feed.partition("/")[0] in self.kinds for feed in setting.feeds):
            return self.refuses.get(name)
        return "it decides only what its operator's bundle describes"
