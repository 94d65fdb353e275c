"""Misspelled keys: reported once, and read as the keys that they were meant to be, so that the rest is checked too."""

from collections import Counter
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
    """The correct name of each misspelled key, by the path of the misspelled one.

    Two slips of one key are not corrected: it is not known which one is meant. Nor are sections that were processed
    under their name before.
    """
    names = {
        parse_path(each.path): each.fix.replacement
        for each in found
        if each.code is UNKNOWN_KEY and each.fix and each.path
    }
    targets = {path: (*path[:-1], name) for path, name in names.items()}
    written = Counter(targets.values())
    return {
        path: names[path]
        for path, target in targets.items()
        if written[target] == 1 and target not in _PROCESSED and root.get(path) and _means(str(path[-1]), names[path])
    }


def _means(key: str, name: str) -> bool:
    return is_slip_of(key, name) or nearest(key, [name], _ALIKE) is not None


def corrected(root: Node, names: Mapping[Path, str]) -> Node:
    """The document with the correct names of misspelled keys; it shares everything else with `root`."""
    above = frozenset(path[:length] for path in names for length in range(len(path)))

    def _copied(node: Node, at: Path) -> Node:
        if at not in above or not isinstance(node.value, dict):
            return node
        value = {names.get((*at, key), key): _copied(child, (*at, key)) for key, child in node.value.items()}
        return replace(node, value=value)

    return _copied(root, ())
