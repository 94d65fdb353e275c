"""Corrects managedFields where an apply alone cannot. The content of objects does not change."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.apiserver.managed_fields import Tokens
from blueprint.cluster.plan_model import FieldConflict, Step

Fields = dict[str, Any]


def ownership_before(step: Step, taken: Sequence[FieldConflict], us: str) -> list[Fields] | None:
    """The entries that the object needs before the apply of `step`; None if the existing ones are sufficient.

    Obstructing fields of other managers become ours, so that the apply removes them. If all entries were removed, ours
    is restored.
    """
    if step.live is None:
        return None
    if step.reclaims:
        return [dict(entry) for entry in step.reclaims]
    obstacles = [conflict.tokens for conflict in taken if conflict.in_the_way]
    if not obstacles:
        return None
    return _moved(step.live, obstacles, us)


def _moved(live: Mapping[str, Any], fields: Sequence[Tokens], us: str) -> list[Fields]:
    known: list[Fields] = copy.deepcopy(live["metadata"].get("managedFields") or [])
    ours = next((entry for entry in known if _is_ours(entry, us)), None)
    if ours is None:
        ours = {
            "manager": us,
            "operation": "Apply",
            "apiVersion": live["apiVersion"],
            "fieldsType": "FieldsV1",
            "fieldsV1": {},
        }
        known.append(ours)
    for tokens in fields:
        for entry in known:
            if entry is not ours and (part := _cut(entry["fieldsV1"], tokens)) is not None:
                _graft(ours["fieldsV1"], tokens, part)
    return [entry for entry in known if entry["fieldsV1"]]


def _is_ours(entry: Fields, us: str) -> bool:
    return (entry.get("manager"), entry.get("operation"), entry.get("subresource", "")) == (us, "Apply", "")


def _cut(tree: Fields, tokens: Tokens) -> Fields | None:
    """Remove a field from a tree, with maps that become empty."""
    first, *rest = tokens
    if first not in tree:
        return None
    if not rest:
        found: Fields = tree.pop(first)
        return found
    part = _cut(tree[first], tuple(rest))
    if part is not None and not tree[first]:
        del tree[first]
    return part


def _graft(tree: Fields, tokens: Tokens, part: Fields) -> None:
    for token in tokens[:-1]:
        tree = tree.setdefault(token, {})
    here = tree.setdefault(tokens[-1], {})
    for token, below in part.items():
        if token in here:
            _graft(here, (token,), below)
        else:
            here[token] = below
