"""Bring documents, as people wrote them, into the one form that the models read.

Per document: keys of an earlier version become those of today, and short forms are expanded. Once for all of them
together: `poolDefaults` is merged under the pools, and defaults of an earlier version are filled in.
"""

from collections.abc import Callable

from blueprint.diagnostics import Diagnostic
from blueprint.source.document import Document
from blueprint.source.merge import Node
from blueprint.source.paths import Path
from blueprint.spec import codes, versions
from blueprint.spec.pool_defaults import merge_pool_defaults
from blueprint.spec.schema_fields import needed_at, takes_text
from blueprint.spec.shorthand import expand
from blueprint.spec.upgrade import carry_over, earlier_version, fill_earlier_defaults, short, upgraded


class LanguageReader:
    """Reads the documents of one compilation (see `source.layers.DocumentReader`).

    Attributes:
        diagnostics: Which documents are of an earlier version, and which short forms are malformed.
    """

    def __init__(self, has_gpus: Callable[[str], bool] = lambda _: False) -> None:
        self._has_gpus = has_gpus
        self._blueprint_version: str | None = None
        self.diagnostics: list[Diagnostic] = []

    def document(self, root: Node) -> Node:
        """One document in the form of today. Raises Refused where it cannot be carried over."""
        if version := earlier_version(root):
            if root.layer.kind == "blueprint":
                self._blueprint_version = version
            self.diagnostics.append(_earlier(root, version))
        document = upgraded(root)
        self.diagnostics += expand(document)
        return document

    def is_text(self, path: Path) -> bool:
        """Whether the field at a path can only be text."""
        return takes_text(path)

    def what_is_needed(self, path: Path) -> str | None:
        """What to write at a path that cannot be empty, with an example."""
        return needed_at(path)

    def setting(self, root: Node) -> Node:
        """A value of the command line, which speaks the version of the blueprint."""
        if self._blueprint_version:
            carry_over(root, self._blueprint_version, versions.LANGUAGE.current, versions.LANGUAGE)
        self.diagnostics += expand(root)
        return root

    def merged(self, root: Node) -> None:
        """What all layers together lead to, before what is `null` is removed."""
        merge_pool_defaults(root, self._has_gpus)

    def completed(self, root: Node) -> None:
        """The same, afterwards."""
        if self._blueprint_version and root.get(("spec",)):
            fill_earlier_defaults(root, self._blueprint_version)

    def instead_of_cloud(self, document: Document, values: dict[str, str]) -> str | None:
        """What to write instead of a ready-made overlay that names a cloud; None where the version has it."""
        version = document.data.get("apiVersion")
        steps = versions.LANGUAGE.steps
        if any(step.named_clouds and step.older == version for step in steps):
            return None
        cluster = ", ".join(f"{key}: {value}" for key, value in values.items())
        return f"name the cloud in the blueprint: spec.cluster: {{{cluster}}}"


def _earlier(root: Node, version: str) -> Diagnostic:
    at = root.value["apiVersion"].span
    current = short(versions.LANGUAGE.current)
    message = f"{root.layer.name} is written in {short(version)}; the current version is {current}"
    help_ = f"blueprint convert {root.layer.name} -o {root.layer.name}"
    return Diagnostic(codes.EARLIER_VERSION, message, at=at, path="apiVersion", help=help_)
