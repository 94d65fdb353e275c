"""Converts a document in place, taking values of other layers into account.

Two things are not in the document itself. A changed default must be written explicitly, unless a layer sets it. A
ready-made overlay that sets a cloud is no longer extended, so the document sets the cloud itself.
"""

from typing import Any

from blueprint.diagnostics import Refused
from blueprint.source.files import Files
from blueprint.source.layers import cloud_of, load_layers, ready_made_overlays
from blueprint.source.loader import load_text
from blueprint.source.paths import Path
from blueprint.spec.reading import LanguageReader
from blueprint.spec.rewrite import OtherLayers, converted, version_of
from blueprint.spec.sheet import impossible
from blueprint.spec.upgrade import earlier_defaults
from blueprint.spec.versions import Language


def converted_in_place(text: str, file: str, version: str, language: Language, files: Files | None = None) -> str:
    """The text of `file` in `version`, with the same meaning including everything it extends. Raises Refused."""
    older = version_of(text, file, language)
    if older == version:
        return text
    return converted(text, file, version, language, _other_layers(text, file, older, version, language, files))


def _other_layers(text: str, file: str, older: str, newer: str, language: Language, files: Files | None) -> OtherLayers:
    data: dict[str, Any] = load_text(text, file).data
    extends = data.get("extends")
    names = extends if isinstance(extends, list) else []
    known = ready_made_overlays()
    clouds = frozenset(name for name in names if isinstance(name, str) and name in known)
    lists = [entry for entry in names if isinstance(entry, list)]
    if nested := [name for each in lists for name in each if isinstance(name, str) and name in known]:
        raise impossible(
            file, f"extends names the cloud {nested[0]} in a nested list of overlays; list it in a separate entry"
        )
    layered = load_layers(file, reader=LanguageReader(), files=files)
    if layered.incomplete:
        raise Refused(*layered.diagnostics, exit_code=layered.exit_code)
    added: dict[Path, Any] = {}
    for name in clouds if any(step.named_clouds for step in language.way(older, newer)) else ():
        for key, value in cloud_of(name).items():
            decided = layered.root.get(("spec", "cluster", key))
            if decided and decided.layer.name.endswith(f"/{name}.yaml") and decided.value == value:
                added["spec", "cluster", key] = value
    if data.get("kind") == "Blueprint":
        for change in earlier_defaults(older, newer, language):
            path = tuple(change.path.split("."))
            decided = layered.root.get(path)
            if decided is not None and decided.span == layered.root.value["apiVersion"].span:
                added[path] = change.earlier
    return OtherLayers(added, clouds)
