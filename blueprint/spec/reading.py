"""Converts documents as written to the form that the models read.

For each document, keys of an earlier version are converted to current ones, and short forms are expanded. Once for all
documents together, `poolDefaults` is merged under the pools, and defaults of an earlier version are added.
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
        diagnostics: Documents of an earlier version, and malformed short forms.
    """

    def __init__(self, has_gpus: Callable[[str], bool] = lambda _: False) -> None:
        self._has_gpus = has_gpus
        self._blueprint_version: str | None = None
        self.diagnostics: list[Diagnostic] = []

    def document(self, root: Node) -> Node:
        """One document in the current form. Raises Refused if it cannot be converted."""
        if version := earlier_version(root):
            if root.layer.kind == "blueprint":
                self._blueprint_version = version
            self.diagnostics.append(_earlier(root, version))
        document = upgraded(root)
        self.diagnostics += expand(document)
        return document

    def is_text(self, path: Path) -> bool:
        """Whether the field at a path is always a string."""
        return takes_text(path)

    def what_is_needed(self, path: Path) -> str | None:
        """The text to write at a path that cannot be empty, with an example."""
        return needed_at(path)

    def setting(self, root: Node) -> Node:
        """A value from the command line, in the version of the blueprint."""
        if self._blueprint_version:
            carry_over(root, self._blueprint_version, versions.LANGUAGE.current, versions.LANGUAGE)
        self.diagnostics += expand(root)
        return root

    def merged(self, root: Node) -> None:
        """Merge `poolDefaults`, before null values are removed."""
        merge_pool_defaults(root, self._has_gpus)

    def completed(self, root: Node) -> None:
        """Add defaults of an earlier version, afterwards."""
        if self._blueprint_version and root.get(("spec",)):
            fill_earlier_defaults(root, self._blueprint_version)

    def instead_of_cloud(self, document: Document, values: dict[str, str]) -> str | None:
        """The advice to use instead of a ready-made overlay that sets a cloud; None if the version supports it."""
        version = document.data.get("apiVersion")
        steps = versions.LANGUAGE.steps
        if any(step.named_clouds and step.older == version for step in steps):
            return None
        cluster = ", ".join(f"{key}: {value}" for key, value in values.items())
        return f"declare the cloud in the blueprint: spec.cluster: {{{cluster}}}"


def _earlier(root: Node, version: str) -> Diagnostic:
    at = root.value["apiVersion"].span
    current = short(versions.LANGUAGE.current)
    message = f"{root.layer.name} is written in {short(version)}; the current version is {current}"
    help_ = f"convert it with `blueprint convert {root.layer.name} -o {root.layer.name}`"
    return Diagnostic(codes.EARLIER_VERSION, message, at=at, path="apiVersion", help=help_)
