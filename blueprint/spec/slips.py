"""Misspelt keys: reported once, and read as the keys that they were meant to be, so that the rest is checked too."""

from collections.abc import Iterable, Mapping

from blueprint.diagnostics import Diagnostic, nearest
from blueprint.diagnostics.spelling import is_slip_of
from blueprint.records import replace
from blueprint.source.merge import Node
from blueprint.source.paths import Path, parse_path
from blueprint.spec.codes import UNKNOWN_KEY

_PROCESSED: frozenset[Path] = frozenset({("spec",), ("spec", "nodePools"), ("spec", "poolDefaults")})
"""What is merged key by key when the layers are read."""

_ALIKE = 0.8
"""The minimum similarity: `selectr` is read as `selector`, but not as `expect`."""


def slips(found: Iterable[Diagnostic], root: Node) -> dict[Path, str]:
    """The correct name of each misspelt key, by the path of the misspelt one.

    Two slips of one key are not corrected: it is not known which one is meant. Nor are sections that were processed
    under their name before.
    """
    names: dict[Path, str] = {}
    for each in found:
        path = parse_path(each.path or "")
        name = each.fix.replacement if each.code is UNKNOWN_KEY and each.fix else ""
        if _means(str(path[-1]), name) and root.get(path) and (*path[:-1], name) not in _PROCESSED:
            names[path] = name
    meant = [(*path[:-1], name) for path, name in names.items()]
    return {path: name for (path, name), key in zip(names.items(), meant, strict=True) if meant.count(key) == 1}


def _means(key: str, name: str) -> bool:
    return is_slip_of(key, name) or nearest(key, [name], _ALIKE) is not None


def corrected(root: Node, names: Mapping[Path, str], at: Path = ()) -> Node:
    """The document with the correct names of misspelt keys; it shares everything else with `root`."""
    if not isinstance(root.value, dict) or not any(path[: len(at)] == at for path in names):
        return root
    value = {names.get((*at, key), key): corrected(node, names, (*at, key)) for key, node in root.value.items()}
    return replace(root, value=value)
