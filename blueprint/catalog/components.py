"""A component: a folder under `components/` that defines what is installed and how it can be configured."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from blueprint.catalog.distribution import STACKS, Part, Stack
from blueprint.catalog.facts import CatalogueFile, Digest, Given, Matching, Text
from blueprint.catalog.kinds import FieldPath, Kind, KindName
from blueprint.catalog.olm import FileName, Olm
from blueprint.catalog.settings import Setting
from blueprint.records import Record, field

Ownership = Literal["managed", "external", "absent"]
"""`managed`: rendered and applied; `external`: installed by other means, only checked; `absent`: not installed."""


CrdFile = Annotated[
    str, Matching(r"[a-z0-9][a-z0-9.-]*/([a-z0-9][a-z0-9.-]*/)?[a-z0-9-]+\.yaml", "GROUP/[VERSION/]PLURAL.yaml")
]


Section = Annotated[str, Matching(r"[A-Z][A-Za-z]+: spec(\.[a-zA-Z]+)*", "KIND: PATH")]


class Image(Record, kw_only=True):
    """A container image.

    Attributes:
        repository: Registry and path, without the image's own name.
        name: The last part of the path.
        tag: The tag; missing if the blueprint determines it (the driver's branch).
        digest: The digest that the vendor pins for exactly this tag.
        pulled_by: `rendered`: a rendered pod uses it; `operator`: the component creates such pods later;
            `dormant`: an object refers to it, but its feature is disabled, so it is not pulled.
        when: A template expression for whether this platform pulls it; missing means always.
        tag_suffix: What the component appends to the tag at run time: the operating system's name, possibly followed by
            the processor architecture of the node.
        sections: The sections of custom resources that refer to it, each as `KIND: path`.
        source: The source of tag and digest.
    """

    repository: Text
    name: Text
    tag: Text | None = None
    digest: Digest | None = None
    pulled_by: Literal["rendered", "operator", "dormant"]
    when: Text | None = None
    tag_suffix: Literal["operating-system", "operating-system-and-architecture"] | None = None
    sections: tuple[Section, ...] = ()
    source: Text

    @property
    def ref(self) -> str:
        """`repository/name:tag`, or without the tag if the blueprint determines it."""
        return f"{self.repository}/{self.name}" + (f":{self.tag}" if self.tag else "")


class RunsOnce(Record, kw_only=True):
    """Something that must not run twice on the same nodes.

    Attributes:
        image: Name of the image that such a pod runs.
        operand: The ClusterPolicy section that can disable it; if missing, the component's own pods run it.
    """

    image: Text
    operand: FieldPath | None = None


class ExporterFacts(Record, kw_only=True):
    """How a component exports GPU metrics, and which of its settings affect this.

    Attributes:
        image: The exporter's image, by its name in `images`.
        port: Name of the port of its Service.
        service: Labels of its Service, for each stack.
        variables: The setting for its environment variables.
        interval: The setting for the scrape interval.
        timeout: The setting for the scrape timeout.
        pod_labels: The setting that adds pod labels to its metrics.
        pod_label_allowlist: The setting that restricts them.
        switches: Settings that must not be disabled if GPUs are monitored.
        overruled: Settings that have no effect if the section `observability` is used.
        locks: Settings that reject scrapes without TLS or without authentication.
    """

    image: Text
    port: Text
    service: Mapping[Text, Mapping[Text, Text]]
    variables: Text
    interval: Text
    timeout: Text
    pod_labels: Text
    pod_label_allowlist: Text
    switches: tuple[Text, ...] = ()
    overruled: tuple[Text, ...] = ()
    locks: tuple[Text, ...] = ()


class ScrapedOperand(Record, kw_only=True):
    """Pods and their Service that an operator creates, so that they are not among rendered objects.

    Attributes:
        labels: The labels of both.
        port: The name of the Service's port for metrics.
        container: The name of the container's port.
        number: The number of both ports.
    """

    labels: Mapping[Text, Text]
    port: Text
    container: Text
    number: int


class ClaimMetrics(Record, kw_only=True):
    """How the DRA driver of a component exports metrics.

    Attributes:
        selector: Labels of its pods.
        workload: Name of its DaemonSet.
        switch: The setting that enables the metrics.
        ports: The port of each part of the driver.
    """

    selector: Mapping[Text, Text]
    workload: Text
    switch: Text
    ports: Mapping[Literal["gpus", "computeDomains"], int]


class Component(CatalogueFile, kw_only=True):
    """One installable part of a platform.

    `component.yaml` describes the newest version; `versions/VERSION.yaml` lists the keys in which an older one differs.

    Attributes:
        name: The name, which is also that of the folder.
        version: The upstream version, as in the image tag.
        namespace: The namespace of its namespaced objects.
        ownership: The possible ownerships, the default first.
        stacks: The stacks that it belongs to.
        section: The section of a blueprint's spec that it implements, `queueing.kueue`; without it, it is not
            installed.
        fabrics: The fabrics whose network adapters it advertises to pods, if the cloud does not.
        contract: Requirements if something else installs it, in whole sentences; `{taints}` are the pools' taints.
        demands: Requirements on components that it needs if something else installs them, by component name.
        needs: Components that must work before this one is applied.
        described_by: The kind of the object that configures each stack, if there is one.
        crds: Files under `schemas/crds/`, applied before everything else of the component.
        optional_crds: Further such files, each with the setting that enables the feature that needs it.
        overrules_crds_of: Components whose CRDs of the same kinds are omitted if this one is installed.
        crd_annotations: Annotations of those CRDs, each a template expression.
        templates: Files under the component's `templates/`, in rendering order.
        settings: The settings of a blueprint, by name.
        olm: How it is installed by the Operator Lifecycle Manager; None if it cannot be.
        derived: Template expressions shared by several templates, by their name under `derived`.
        provides: The parts of the node stack that it provides for pools that leave them to the platform.
        provides_in: The stacks in which it provides them, if not all of its own.
        runs_once: The workloads of which a cluster must not have a second one.
        dra_files_of: The component whose folder has `devices.yaml` and `feature-gates.yaml` of the DRA driver that it
            installs; None: its own folder.
        monitored: Whether its pods make GPUs usable, so that alerts monitor them.
        exporter: How it exports GPU metrics; None if it does not.
        scraped: What it creates in the cluster and Prometheus can scrape.
        claim_metrics: How the DRA driver that it runs exports metrics; None if it runs none.
        kinds: Facts about the kinds that it installs, by `Kind.group`; other kinds follow the defaults.
        lacks: Features of the newest version that this version lacks, with the reason: names of settings, which are
            then
            rejected, and names that templates and checks look up.
        sources: The sources that the templates were written from and compared with.
    """

    name: Annotated[str, Matching("[a-z][a-z0-9-]*", "lower-case words joined by hyphens")]
    title: Text
    description: Text
    version: Text
    namespace: Text
    ownership: tuple[Ownership, ...]
    stacks: tuple[Stack, ...] = STACKS
    section: Text | None = None
    fabrics: tuple[Text, ...] = ()
    contract: tuple[Text, ...] = ()
    demands: Mapping[Text, tuple[Text, ...]] = field(default_factory=dict)
    needs: tuple[Text, ...] = ()
    described_by: Mapping[Stack, Text] = field(default_factory=dict)
    crds: tuple[CrdFile, ...] = ()
    optional_crds: Mapping[CrdFile, Text] = field(default_factory=dict)
    overrules_crds_of: tuple[Text, ...] = ()
    crd_annotations: Mapping[Text, Text] = field(default_factory=dict)
    templates: tuple[FileName, ...]
    images: Mapping[str, Image]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    olm: Olm | None = None
    derived: Mapping[Text, Text] = field(default_factory=dict)
    provides: tuple[Part, ...] = ()
    provides_in: tuple[Stack, ...] = ()
    runs_once: tuple[RunsOnce, ...] = ()
    dra_files_of: Text | None = None
    monitored: bool = False
    exporter: ExporterFacts | None = None
    scraped: tuple[ScrapedOperand, ...] = ()
    claim_metrics: ClaimMetrics | None = None
    kinds: Mapping[KindName, Kind] = field(default_factory=dict)
    lacks: Mapping[str, Text] = field(default_factory=dict)
    sources: tuple[Text, ...]
    folder: Given[Path]

    @property
    def section_path(self) -> tuple[str, ...]:
        """The path of the blueprint section that it implements; `("spec",)` if it implements none."""
        return ("spec", *(self.section.split(".") if self.section else ()))

    def complaint(self) -> str | None:
        """An error in the combination of settings: one that requires another setting which does not exist."""
        missing = ((n, other) for n, s in self.settings.items() for other in s.requires if other not in self.settings)
        return next((f"setting {name} requires {other}, which is not there" for name, other in missing), None)

    def belongs_to(self, stacks: Iterable[Stack]) -> bool:
        """Whether it is part of any of these stacks."""
        return not frozenset(stacks).isdisjoint(self.stacks)

    def has(self, setting: str, stacks: Collection[Stack]) -> bool:
        """Whether it has a setting with an effect in any of these stacks, other than on objects that describe other
        stacks.
        """
        if setting not in self.settings or not self.belongs_to(stacks):
            return False
        others = {kind for stack, kind in self.described_by.items() if stack not in stacks}
        return not others or not self.settings[setting].fed_kinds <= others

    def brings(self, part: Part, stack: str) -> bool:
        """Whether it provides a part of the node stack for pools that leave that part to the platform."""
        return part in self.provides and stack in self.stacks and stack in (self.provides_in or self.stacks)

    @property
    def dra_folder(self) -> Path:
        """The folder with the facts about the DRA driver that it installs, for all versions."""
        return self.folder.parent / self.dra_files_of if self.dra_files_of else self.folder

    def template_files(self, *, by_olm: bool = False) -> tuple[Path, ...]:
        """The template files, in rendering order."""
        names = self.olm.templates if by_olm and self.olm else self.templates
        return tuple(self.folder / "templates" / name for name in names)
