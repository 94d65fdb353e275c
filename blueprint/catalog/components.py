"""A component: one folder under `components/` that says what is installed and how it may be set up."""

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
"""`managed`: rendered and applied; `external`: somebody else installs it, only checked; `absent`: not there."""


CrdFile = Annotated[
    str, Matching(r"[a-z0-9][a-z0-9.-]*/([a-z0-9][a-z0-9.-]*/)?[a-z0-9-]+\.yaml", "GROUP/[VERSION/]PLURAL.yaml")
]


Section = Annotated[str, Matching(r"[A-Z][A-Za-z]+: spec(\.[a-zA-Z]+)*", "KIND: PATH")]


class Image(Record, kw_only=True):
    """A container image.

    Attributes:
        repository: Registry and path, without the image's own name.
        name: The last part of the path.
        tag: Missing where the blueprint decides it (the driver's branch).
        digest: Where the vendor pins this very tag.
        pulled_by: `rendered`: a pod that we render names it; `operator`: the component makes such pods later;
            `dormant`: an object names it, but the feature behind it stays switched off, so nothing pulls it.
        when: A template expression that says whether this platform pulls it; missing means always.
        tag_suffix: What the component adds to the tag at run time: the operating system's name, and then perhaps the
            processor architecture of the node.
        sections: The sections of custom resources that name it, each as `KIND: path`.
        source: Where tag and digest were read.
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
        """`repository/name:tag`, or without the tag where the blueprint decides it."""
        return f"{self.repository}/{self.name}" + (f":{self.tag}" if self.tag else "")


class RunsOnce(Record, kw_only=True):
    """What must not run a second time on the same nodes.

    Attributes:
        image: Name of the image that such a pod runs.
        operand: Where the ClusterPolicy may switch it off; without, the component's own pods run it.
    """

    image: Text
    operand: FieldPath | None = None


class ExporterFacts(Record, kw_only=True):
    """How a component exports the metrics of GPUs, and which of its settings decide what about that.

    Attributes:
        image: The exporter's image, by its name in `images`.
        port: Name of the port of its Service.
        service: Labels of its Service, for each stack.
        variables: The setting with its variables.
        interval: The setting that says how often Prometheus asks it.
        timeout: The setting that says how long Prometheus waits for it.
        pod_labels: The setting that adds labels of pods to its metrics.
        pod_label_allowlist: The setting that says which.
        switches: Settings that must not be off where GPUs are watched.
        overruled: Settings that decide nothing where the section `observability` does.
        locks: Settings that keep away who asks without TLS or without a user.
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


class ClaimMetrics(Record, kw_only=True):
    """Where the DRA driver that a component runs exports metrics.

    Attributes:
        selector: Labels of its pods.
        workload: Name of its DaemonSet.
        switch: The setting without which it exports none.
        ports: The port of each part of the driver.
    """

    selector: Mapping[Text, Text]
    workload: Text
    switch: Text
    ports: Mapping[Literal["gpus", "computeDomains"], int]


class Component(CatalogueFile, kw_only=True):
    """One installable part of a platform.

    `component.yaml` says it for the newest version; `versions/VERSION.yaml` says in which keys an older one differs.

    Attributes:
        name: Also the folder's name.
        version: The upstream version, as in the image tag.
        namespace: Where its namespaced objects live.
        ownership: Who may own it, the default first.
        stacks: The stacks that it belongs to.
        section: The section of a blueprint's spec that it carries out, `queueing.kueue`; without that it is not there.
        fabrics: The fabrics whose network cards it advertises to pods, where the cloud does not.
        contract: What must hold where somebody else installs it, in whole sentences; `{taints}` are the pools' taints.
        demands: What must hold of a component that it needs where somebody else installs that, by its name.
        needs: Components that must work before this one is applied.
        described_by: The kind of the object that describes each stack, where one does.
        crds: Files under `schemas/crds/`, applied before everything else of the component.
        optional_crds: Further such files, each with the setting that switches on what needs it.
        overrules_crds_of: Components whose definitions of the same kinds are left out where this one is there.
        crd_annotations: Annotations of those definitions, each a template expression.
        templates: Files under the component's `templates/`, in the order in which they are rendered.
        settings: What a blueprint may set, by name.
        olm: How it comes where operators come through the Operator Lifecycle Manager; None where it cannot.
        derived: Template expressions that several places of the templates share, by the name under `derived` there.
        provides: The parts of the node stack that it brings to pools that leave them to us.
        provides_in: The stacks in which it brings them, if not all of its own.
        runs_once: What it runs of which there may be no second.
        dra_files_of: The component whose folder has `devices.yaml` and `feature-gates.yaml` of the DRA driver that it
            brings; None: its own has.
        monitored: Whether its pods make GPUs usable, so that alerts watch them.
        exporter: How it exports the metrics of GPUs; None where it does not.
        claim_metrics: Where the DRA driver that it runs exports metrics; None where it runs none.
        kinds: What is known of the kinds that it brings, by `Kind.group`; of the others Kubernetes' ways hold.
        lacks: What this version cannot do that the newest can, with the reason: settings by their name, which are then
            refused, and words that templates and checks request.
        sources: What the templates were written and compared against.
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
        """What is wrong with the settings among each other: one that requires another that is not there."""
        missing = ((n, other) for n, s in self.settings.items() for other in s.requires if other not in self.settings)
        return next((f"setting {name} requires {other}, which is not there" for name, other in missing), None)

    def belongs_to(self, stacks: Iterable[Stack]) -> bool:
        """Whether it is a part of any of these stacks."""
        return not frozenset(stacks).isdisjoint(self.stacks)

    def has(self, setting: str, stacks: Collection[Stack]) -> bool:
        """Whether it has a setting that decides anything in any of these stacks: not only of what describes others."""
        if setting not in self.settings or not self.belongs_to(stacks):
            return False
        others = {kind for stack, kind in self.described_by.items() if stack not in stacks}
        return not others or not self.settings[setting].fed_kinds <= others

    def brings(self, part: Part, stack: str) -> bool:
        """Whether it brings a part of the node stack to the pools of a stack that leave that to us."""
        return part in self.provides and stack in self.stacks and stack in (self.provides_in or self.stacks)

    @property
    def dra_folder(self) -> Path:
        """The folder with what is known of the DRA driver that it brings, whatever its version."""
        return self.folder.parent / self.dra_files_of if self.dra_files_of else self.folder

    def template_files(self, *, by_olm: bool = False) -> tuple[Path, ...]:
        """The templates' files, in rendering order."""
        names = self.olm.templates if by_olm and self.olm else self.templates
        return tuple(self.folder / "templates" / name for name in names)
