"""Field paths in readable form: `spec.template.spec.containers[name=spy].image`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from blueprint.patterns import lazy_pattern
from blueprint.records import Same

Path = tuple[str | int, ...]
"""The path of a field in a document: map keys and list indices, outermost first."""

LIST_KEYS = ("name", "key", "containerPort", "port", "mountPath", "type", "ip", "topologyKey")
"""Keys by which list items are matched, if every item has the key and all values differ."""
_PLAIN = lazy_pattern(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_STEP = lazy_pattern(
    r"""\.?(?P<plain>[A-Za-z_$][A-Za-z0-9_$-]*)      # spec, .spec
      | \.?\[(?P<index>\d+)\]                         # [0]
      | \.?\[(?P<quoted>"(?:[^"\\]|\\.)*")\]          # ["a.b/c"]
      | \.?\[(?P<key>[A-Za-z]\w*)=(?P<value>[^\]]*)\] # [name=spy]
    """,
    re.VERBOSE,
)


_MOST_NAMED = 1_000
"""The maximum length of lists whose items are identified by a key, because all items are examined for every path."""
_FEW = 16
_MAPPINGS = (dict, Mapping)
"""A tuple, because `dict | Mapping` is built anew on each check. Checking for dict is fast, and comes first."""
_SCALARS = (str, int, float, bool)


def format_path(path: Path, data: Any = None) -> str:
    """The path as text. With the object's `data`, list items are identified by key instead of index."""
    return _text(path) if data is None else _written(path, data)


@lru_cache(maxsize=4096)
def _text(path: Path) -> str:
    """Built from the cached text of its parent path, because ten thousand objects share few paths."""
    if not path:
        return ""
    return _below(_text(path[:-1]), str(path[-1]), index=isinstance(path[-1], int))


def _written(path: Path, data: Any) -> str:
    text = ""
    here = data
    for step in path:
        text = _below(text, _item_name(here, step), index=True) if isinstance(step, int) else _below(text, step)
        here = _child(here, step)
    return text


def _below(text: str, step: str, *, index: bool = False) -> str:
    """The text of a path extended by one step."""
    if index:
        return f"{text}[{step}]"
    written = _step_text(step)
    return f"{text}.{written}" if text and written[0] != "[" else f"{text}{written}"


@lru_cache(maxsize=4096)
def _step_text(step: str) -> str:
    """A key in the notation of paths."""
    return step if _PLAIN.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def _item_name(items: Any, index: int) -> str:
    if isinstance(items, list) and index < len(items) <= _MOST_NAMED:
        key = list_key(items) if len(items) < _FEW else _key_of(Same(items))
        if key:
            return f"{key}={items[index][key]}"
    return str(index)


@lru_cache(maxsize=8)
def _key_of(same: Same) -> str | None:
    """The key that identifies the items of a long list, which is looked for once for all paths into it."""
    return list_key(same.value)


def _child(here: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return here[step] if isinstance(here, list) and step < len(here) else None
    return here.get(step) if isinstance(here, _MAPPINGS) else None


def parse_path(text: str, data: Any = None) -> Path:
    """The path in `text`. `[key=value]` steps need the object's `data`. Raises ValueError with the error."""
    path: list[str | int] = []
    here = data
    for match in _steps(text):
        step = _step(match, here, text)
        path.append(step)
        here = _child(here, step)
    return tuple(path)


def _steps(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or match.end() == position:
            raise ValueError(f"not a field path at column {position + 1}: {text}")
        yield match
        position = match.end()


def _step(match: re.Match[str], here: Any, text: str) -> str | int:
    if match["plain"]:
        return match["plain"]
    if match["index"]:
        return int(match["index"])
    if match["quoted"]:
        return str(json.loads(match["quoted"]))
    for index, item in enumerate(here if isinstance(here, list) else ()):
        if isinstance(item, Mapping) and str(item.get(match["key"])) == match["value"]:
            return index
    raise ValueError(f"no list item has {match['key']}={match['value']}: {text}")


@lru_cache(maxsize=4096)
def pointer(path: Path) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def from_pointer(text: str, data: Any = None) -> Path:
    """The path for a JSON pointer; with `data`, numbers become list indices only where there is a list."""
    path: list[str | int] = []
    here = data
    for raw in text.split("/")[1:]:
        name = raw.replace("~1", "/").replace("~0", "~")
        step: str | int = int(name) if isinstance(here, list) and name.isdecimal() else name
        path.append(step)
        here = _child(here, step)
    return tuple(path)


def list_key(*lists: list[Any]) -> str | None:
    """The key that identifies the items of these lists, if there is one."""
    if not any(lists):
        return None
    for key in LIST_KEYS:
        for each in lists:
            if not _differ(key, each):
                break
        else:
            return key
    return None


def _differ(key: str, items: list[Any]) -> bool:
    """Whether every item of a list has the key, each with another value."""
    seen = set()
    for item in items:
        if not isinstance(item, _MAPPINGS) or key not in item:
            return False
        if len(items) > 1:
            seen.add(_hashable(item[key]))
    return len(seen) == len(items) or len(items) == 1


def _hashable(value: Any) -> Any:
    return value if isinstance(value, _SCALARS) else repr(value)
