"""How a component comes where the distribution installs operators through the Operator Lifecycle Manager."""

from collections.abc import Mapping
from typing import Annotated

from blueprint.catalog.facts import Digest, Matching, Text
from blueprint.catalog.settings import Setting
from blueprint.records import Record, field

FileName = Annotated[str, Matching(r"[a-z0-9][a-z0-9-]*\.yaml", "the name of a YAML file in this folder")]


class OlmImage(Record, kw_only=True):
    """An image that the operator's bundle pins in another build than the Helm chart names."""

    tag: Text
    digest: Digest
    source: Text


class Olm(Record, kw_only=True):
    """What replaces a component's definitions and templates.

    Attributes:
        namespace: Where its namespaced objects live instead.
        package: The operator's package in the catalogue; None where nothing is subscribed to.
        channel: The package's channel.
        starting_csv: The version that is installed first. None where each release of the distribution has its own.
        templates: Rendered instead of the component's own.
        kinds: What they render: a setting that feeds nothing of these kinds is decided by the operator's bundle.
        images: What the bundle pins that differs from the component's images.
        without: Parts of a pool's network that the bundle has no image of.
        unlisted: Why no image can be listed, where the distribution's catalogue decides all of them.
        refuses: Settings that mean nothing here though they feed one of the kinds, with the reason.
        only: Settings that mean something here alone.
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
        """Why a setting means nothing here; None where it decides something that is rendered."""
        if any(feed.partition("/")[0] in self.kinds for feed in setting.feeds):
            return self.refuses.get(name)
        return "it decides only what its operator's bundle describes"
