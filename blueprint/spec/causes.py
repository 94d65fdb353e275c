"""Reports each cause once: consequential errors are omitted, and their solution is shown at the cause."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from blueprint.diagnostics import Diagnostic
from blueprint.diagnostics.spelling import is_slip_of
from blueprint.records import replace
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, format_path, parse_path
from blueprint.source.placeholders import find_variable
from blueprint.spec import codes
from blueprint.spec.model import Blueprint, Spec
from blueprint.spec.pools import NodePool
from blueprint.spec.tenants import TENANT
from blueprint.wording import first_few

ChartValueHelp = Callable[[str, str, Any], list[str]]
_MOST_VALUES, _FEW_BESIDE = 3, 2
POOLS: Path = ("spec", "nodePools")
_COMPONENTS: Path = ("spec", "components")
_OF_TENANTS: tuple[Path, ...] = (("spec", "plans"), ("spec", "tenants"))
_SPEC_KEYS = frozenset(info.alias or "" for info in Spec.model_fields.values())
_POOL_KEYS = frozenset(info.alias or "" for info in NodePool.model_fields.values())
_TOP_KEYS = frozenset(info.alias or "" for info in Blueprint.model_fields.values())
_WRAPPERS: Mapping[Path, frozenset[str]] = {(): _TOP_KEYS, ("spec",): _SPEC_KEYS}
"""Unknown keys that may contain everything that belongs next to them: `spec.template.spec`."""


def without_consequences(found: list[Diagnostic], root: Node, empty: Iterable[str | None] = ()) -> list[Diagnostic]:
    """The errors, without consequential ones.

    Args:
        found: All errors.
        root: The document.
        empty: Paths of keys that are reported to have no value: they are not also reported as missing.
    """
    likely = {_beside(each.path, each.fix.replacement) for each in found if each.code is codes.UNKNOWN_KEY and each.fix}
    reported = {*likely, *empty}
    found = [each for each in found if each.code is not codes.MISSING_KEY or each.path not in reported]
    found = _beside_spec(_unwrapped(found, root))
    for name in misplaced(found, root):
        found = _as_misplaced(found, root, name)
    return [_with_likely_pool(each, root) for each in found]


def _beside_spec(found: list[Diagnostic]) -> list[Diagnostic]:
    """The errors, with one in place of those about keys of `spec` that stand beside it because of their indentation."""
    beside = [each for each in found if each.code is codes.UNKNOWN_KEY and _is_beside_spec(each.path)]
    if len(beside) < _FEW_BESIDE:
        return found
    first, *_ = sorted(beside, key=lambda each: each.at.line if each.at else 0)
    names = [str(each.path) for each in beside]
    reported = replace(
        first,
        message=f"{first_few(names, _MOST_VALUES)} are keys of spec, but are not below it",
        help="indent them, and everything below them, under spec",
        notes=(),
    )
    rest = (each for each in found if each not in beside and not _is_missing_in_spec(each))
    return [reported, *rest]


def _is_beside_spec(path: str | None) -> bool:
    return path is not None and path in _SPEC_KEYS


def _is_missing_in_spec(found: Diagnostic) -> bool:
    return found.code is codes.MISSING_KEY and parse_path(found.path or "")[:1] == ("spec",)


def misplaced(found: Iterable[Diagnostic], root: Node) -> list[str]:
    """Pools that are a key of the pool above them because of wrong indentation: `gpu` next to `train`."""
    pools = _mapping(root, POOLS)
    wrong = {path[2] for each in found if len(path := parse_path(each.path or "")) > len(POOLS) and path[:2] == POOLS}
    later = [name for name in list(pools)[1:] if name in wrong and name in _POOL_KEYS]
    return [name for name in later if "nodes" not in _mapping(root, (*POOLS, name))]


def pool_above(root: Node, name: str) -> str:
    """The pool that precedes another one in the document."""
    pools = list(_mapping(root, POOLS))
    return pools[pools.index(name) - 1]


def _as_misplaced(found: list[Diagnostic], root: Node, name: str) -> list[Diagnostic]:
    path = format_path((*POOLS, name))
    below = [each for each in found if _is_at_or_below(each.path, path)]
    node = _mapping(root, POOLS)[name]
    reported = Diagnostic(
        codes.UNKNOWN_KEY,
        f"{name} is a key of a pool, but is used here as the name of a pool",
        at=node.key_span or node.span,
        path=path,
        help=f"indent it, and everything below it, under {pool_above(root, name)}",
    )
    return [reported, *(each for each in found if each not in below)]


def _unwrapped(found: list[Diagnostic], root: Node) -> list[Diagnostic]:
    """The errors without missing keys that exist inside an unknown key."""
    for each in found:
        path = parse_path(each.path or "")
        keys = _WRAPPERS.get(path[:-1])
        if each.code is not codes.UNKNOWN_KEY or keys is None or not (inside := _keys_inside(root.get(path)) & keys):
            continue
        above = format_path(path[:-1]) or "the document"
        reported = replace(each, help=f"write {', '.join(sorted(inside))} directly in {above}", notes=())
        return [reported, *(other for other in found if other is not each and other.code is not codes.MISSING_KEY)]
    return found


def _keys_inside(node: Node | None) -> frozenset[str]:
    if node is None or not isinstance(node.value, Mapping):
        return frozenset()
    return frozenset(node.value).union(*(_keys_inside(child) for child in node.value.values()))


def _with_likely_pool(found: Diagnostic, root: Node) -> Diagnostic:
    """An overlay's pool that lacks required keys because its name misspells an existing pool."""
    path = parse_path(found.path or "")
    if found.code is not codes.MISSING_KEY or path[:2] != POOLS or len(path) != len(POOLS) + 2:
        return found
    pools = _mapping(root, POOLS)
    name = str(path[2])
    for other, node in pools.items():
        if other != name and node.layer != pools[name].layer and is_slip_of(name, other):
            return replace(found, help=f"did you mean the pool {other}? Otherwise: {found.help}")
    return found


def placeholders(root: Node) -> dict[Path, Node]:
    """Values that are text for another program to replace. Settings and patches may contain such text for the
    cluster.
    """
    texts = ((path, node) for path, node in root.walk() if isinstance(node.value, str))
    found = ((path, node) for path, node in texts if path[0] in _TOP_KEYS and path[0] != "extends")
    unfilled = ((path, node) for path, node in found if find_variable(_with_tenant(path, node.value)))
    return {path: node for path, node in unfilled if path[:2] != _COMPONENTS}


def _with_tenant(path: Path, text: str) -> str:
    """The text without the single variable that plans and tenants support."""
    return text.replace(TENANT, "tenant") if path[:2] in _OF_TENANTS else text


def with_placeholders(found: list[Diagnostic], unfilled: Mapping[Path, Node]) -> list[Diagnostic]:
    """The errors, with one diagnostic per placeholder in place of everything that its text causes."""
    reported = [
        Diagnostic(
            codes.MALFORMED,
            f"{(name := format_path(path))}: {node.value} is a placeholder, but a blueprint has no substitution",
            at=node.span,
            path=name,
            help="use ${tenant}, the tenant's name, which is the only variable of tenants and plans"
            if path[:2] in _OF_TENANTS
            else f"write the value; if it differs between clusters, set it in an overlay or with --set {name}=VALUE",
        )
        for path, node in unfilled.items()
    ]
    names = {each.path for each in reported}
    return [*reported, *(each for each in found if each.path not in names)]


def no_chart_help(*_: Any) -> list[str]:
    """Return nothing: no charts are known."""
    return []


def with_chart_help(found: Diagnostic, root: Node, chart_help: ChartValueHelp) -> Diagnostic:
    """A key of a component that belongs to its Helm chart, with the equivalent in a blueprint."""
    path, node = parse_path(found.path or ""), root.get(parse_path(found.path or ""))
    if found.code is not codes.UNKNOWN_KEY or path[:2] != _COMPONENTS or len(path) != len(_COMPONENTS) + 2 or not node:
        return found
    values = chart_help(str(path[2]), str(path[3]), plain(node))
    return replace(found, help=first_few(values, _MOST_VALUES), notes=(), fix=None) if values else found


def wrong_document(root: Node, found: Iterable[Diagnostic]) -> Diagnostic | None:
    """The single error for a document of another kind, for which missing blueprint fields do not matter."""
    wrong = sorted((each for each in found if each.code is codes.WRONG_DOCUMENT), key=lambda each: each.path != "kind")
    kind = root.get(("kind",))
    if wrong and kind and kind.value != "Blueprint":
        way_out = "specify a file of kind Blueprint; to check manifests, use `blueprint lint`"
        if kind.value == "Overlay":
            way_out = "this is an overlay: specify it with --overlay, or list it in `extends` of a blueprint"
        return replace(wrong[0], help=way_out)
    keys = root.value.keys() if isinstance(root.value, dict) else set()
    lacking = next((each for each in found if each.path == "apiVersion"), None)
    if lacking and keys and not keys & {"apiVersion", "kind", "metadata", "spec"}:
        way_out = "begin the file with apiVersion and kind; to convert Helm values, see docs/reference/from-helm.md"
        message = "this is not a blueprint: it has neither apiVersion nor kind"
        return replace(lacking, code=codes.WRONG_DOCUMENT, message=message, help=way_out)
    return None


def wrong_overlay(found: list[Diagnostic]) -> Diagnostic | None:
    """The single error for a document that is not an overlay, if it is of another kind."""
    wrong = next((each for each in found if each.code is codes.WRONG_DOCUMENT and each.path == "kind"), None)
    if wrong is None:
        return None
    way_out = "write kind: Overlay, and only name in metadata"
    return replace(wrong, help=wrong.help or way_out)


def certain(found: list[Diagnostic]) -> list[Diagnostic]:
    """Errors that do not depend on an unreadable layer; errors in `extends` are reported by the layers."""
    uncertain = (codes.MISSING_KEY, codes.INCONSISTENT)
    return [f for f in found if f.code not in uncertain and not (f.path or "").startswith("extends")]


def _mapping(root: Node, path: Path) -> Mapping[str, Node]:
    node = root.get(path)
    return node.value if node and isinstance(node.value, Mapping) else {}


def _is_at_or_below(path: str | None, above: str) -> bool:
    return path is not None and parse_path(path)[: len(parse_path(above))] == parse_path(above)


def _beside(path: str | None, key: str) -> str:
    above = parse_path(path or "")[:-1]
    return format_path((*above, key))
