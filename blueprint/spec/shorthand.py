"""Expands short forms, so that layers are merged key by key, whatever form each of them uses."""

from collections.abc import Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic, Note
from blueprint.records import replace
from blueprint.source.merge import Node, plain
from blueprint.source.paths import Path, format_path
from blueprint.spec import codes
from blueprint.spec.driver import OWNERS, PoolOwner
from blueprint.spec.forms import FORMS, KUBECTL_TAINT, matches_form

_OWNED = tuple(info.alias or name for name, info in PoolOwner.model_fields.items())


def expand(root: Node) -> list[Diagnostic]:
    """Expand all short forms of a document in place. Invalid taints in a list are removed, and returned as diagnostics.

    A value in neither the short nor the long form stays, and is rejected by the models.
    """
    problems: list[Diagnostic] = []
    for path, settings in _pools(root):
        owner, taints = settings.value.get("owner"), settings.value.get("taints")
        if owner and owner.value in OWNERS:
            settings.value["owner"] = replace(owner, value={part: replace(owner) for part in _OWNED})
        if taints and isinstance(taints.value, list | str):
            settings.value["taints"] = _taints(taints, (*path, "taints"), problems)
    return problems


def _pools(root: Node) -> Iterator[tuple[Path, Node]]:
    """The node pools and their defaults, with their paths."""
    pools = root.get(("spec", "nodePools"))
    found = pools.value.items() if pools and isinstance(pools.value, dict) else ()
    paths: list[tuple[Path, Node | None]] = [(("spec", "nodePools", name), pool) for name, pool in found]
    paths.append((("spec", "poolDefaults"), root.get(("spec", "poolDefaults"))))
    yield from ((path, node) for path, node in paths if node and isinstance(node.value, dict))


def _taints(written: Node, path: Path, problems: list[Diagnostic]) -> Node:
    """`[key=value:Effect]` as `{key: "value:Effect"}`."""
    taints: dict[str, Node] = {}
    for item in written.value if isinstance(written.value, list) else [written]:
        if not isinstance(item.value, str) or not matches_form(KUBECTL_TAINT, item.value):
            problems.append(_malformed(item, path))
            continue
        name, _, effect = item.value.rpartition(":")
        key, _, value = name.partition("=")
        if other := taints.get(key):
            problems.append(_twice(key, item, other, path))
        taints[key] = replace(item, value=f"{value}:{effect}", key_span=item.span)
    return replace(written, value=taints)


def _malformed(item: Node, path: Path) -> Diagnostic:
    name = format_path(path)
    help_ = f"the format is {FORMS[KUBECTL_TAINT]}, for example nvidia.com/gpu=true:NoSchedule"
    if isinstance(item.value, str):
        message = f"{name}: {item.value} is not a taint"
        return Diagnostic(codes.MALFORMED, message, at=item.span.head, path=name, help=help_)
    kind = "a mapping" if isinstance(item.value, dict) else "a list" if isinstance(item.value, list) else item.value
    message = f"{name}: an entry of the list must be a string, not {kind}"
    return Diagnostic(codes.WRONG_TYPE, message, at=item.span.head, path=name, help=_in_short(plain(item)) or help_)


def _in_short(taint: Any) -> str | None:
    """A taint in the form of Kubernetes objects, converted to kubectl's notation."""
    if not isinstance(taint, dict) or not {"key", "effect"} <= taint.keys():
        return None
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"write {taint['key']}{value}:{taint['effect']}"


def _twice(key: str, item: Node, other: Node, path: Path) -> Diagnostic:
    message = f"two taints in {format_path(path)} have the key {key}"
    help_ = "use different keys: a pool can have one taint per key"
    notes = (Note("the other taint", other.span),)
    return Diagnostic(codes.INCONSISTENT, message, at=item.span, path=format_path(path), notes=notes, help=help_)
