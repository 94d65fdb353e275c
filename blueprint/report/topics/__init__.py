"""Everything that `blueprint explain` explains, as Markdown: codes, fields, components, hardware, general topics.
Offline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from blueprint.diagnostics import Code, all_codes, find_code, nearest
from blueprint.report.topics.fields import Field, field_facts, fields_of, find_abridged, find_field
from blueprint.report.topics.general import general_topics
from blueprint.report.topics.hardware import hardware_text, hardware_topics
from blueprint.report.topics.overlays import overlay_about, overlay_names, overlay_text
from blueprint.report.topics.reserved import reserved_fields, reserved_text
from blueprint.report.topics.search import Explainable, listing, matching

if TYPE_CHECKING:
    from blueprint.catalog.components import Component

__all__ = ["explain", "nearest_topic", "search", "topics"]


def explain(topic: str) -> str | None:
    """The explanation of a topic in Markdown, or None if there is no such topic."""
    if text := general_topics().get(topic.lower()):
        return text
    if code := find_code(topic):
        return _code(code)
    if component := _component(topic):
        return _component_text(component)
    if field := find_field(_fields().values(), topic):
        return _field_text(field)
    if text := _setting(topic) or reserved_text(topic) or hardware_text(topic) or overlay_text(topic):
        return text
    return _field_text(field) if (field := find_abridged(_fields().values(), topic)) else None


def search(words: str) -> str | None:
    """The topics related to some words, in Markdown; the topic itself if it is the only one."""
    found = matching(words, _entries())
    if len(found) == 1:
        return explain(found[0].name.partition(" ")[0])
    return listing(words, found) if found else None


def _entries() -> Iterator[Explainable]:
    """Everything that can be explained, with a short description."""
    from blueprint.catalog.catalog import load_catalog

    catalog = load_catalog()
    yield from (
        Explainable("topics", name, _first(text.partition("\n\n")[2])) for name, text in general_topics().items()
    )
    yield from (Explainable("fields", field.path, _first(field.description)) for field in _fields().values())
    yield from (Explainable("fields to come", path) for path in reserved_fields())
    yield from (Explainable("overlays", name, _first(overlay_about(name))) for name in overlay_names())
    components = [found for name in catalog.components if (found := catalog.component(name))]
    yield from (Explainable("components", each.name, _first(each.description)) for each in components)
    for each in components:
        for name, setting in each.settings.items():
            yield Explainable("settings", f"{each.name}.{name}", _first(setting.description))
    yield from (Explainable(group, name) for group, names in hardware_topics().items() for name in names)
    yield from (Explainable("codes", f"{code.id} {code.slug}") for code in all_codes())


def _first(text: str) -> str:
    """The first sentence of a text, on one line."""
    return re.split(r"(?<=[.:])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(".:")


def _setting(topic: str) -> str | None:
    """A setting of a component, `COMPONENT.SETTING`."""
    name, _, key = topic.partition(".")
    component = _component(name) if key else None
    if component is None or key not in component.settings:
        return None
    return f"# {topic}\n\nA setting: `spec.components.{name}.settings.{key}`.\n\n" + next(
        line for line in _settings(component) if line.startswith(f"- `{key}` ")
    )


def topics() -> dict[str, list[str]]:
    """Every topic by group, each in its natural order."""
    from blueprint.catalog.catalog import load_catalog

    return {
        "topics": list(general_topics()),
        "components": list(load_catalog().components),
        "overlays": overlay_names(),
        **hardware_topics(),
        "codes": [f"{code.id} {code.slug}" for code in all_codes()],
        "fields": list(_fields()),
        **({"fields to come": to_come} if (to_come := list(reserved_fields())) else {}),
    }


def nearest_topic(topic: str) -> str | None:
    """The topic that was probably meant; None for the number of a code, to which all others are equally similar."""
    if re.fullmatch(r"(?i)BP\d+", topic):
        return None
    names = [name for group in topics().values() for entry in group for name in entry.split(" ")]
    return nearest(topic, names)


@cache
def _fields() -> dict[str, Field]:
    """All fields of the blueprint by path, in schema order; of two with the same path, the first."""
    from blueprint.spec.schema import json_schema

    found: dict[str, Field] = {}
    for field in fields_of(json_schema()):
        found.setdefault(field.path, field)
    return found


def _component(name: str) -> Component | None:
    from blueprint.catalog.catalog import load_catalog

    return load_catalog().component(name)


def _code(code: Code) -> str:
    head = f"# {code.id} {code.slug}\n\nSeverity: {code.severity}"
    if (page := code.page) is None:
        return f"{head}\n\n{code.about}"
    examples = (("Bad", page.bad), ("Good", page.good))
    shown = (f"## {title}\n\n```yaml\n{text.rstrip()}\n```" for title, text in examples)
    return "\n\n".join((head, f"## Why\n\n{page.why}", *shown, f"## How to fix\n\n{page.fix}"))


def _field_text(field: Field) -> str:
    known = [found for key in field.keys if (found := _fields().get(f"{field.path}.{key}"))]
    facts = "\n".join(f"- {fact}" for fact in field_facts(field) if not (known and fact.startswith("keys: ")))
    keys = "\n".join(f"- `{each.path.rpartition('.')[2]}` ({each.type}): {each.description}" for each in known)
    parts = (f"# {field.path}", field.description, facts, keys and f"## Keys\n\n{keys}")
    return "\n\n".join(part for part in parts if part)


def _component_text(component: Component) -> str:
    readme = component.folder / "README.md"
    about = readme.read_text(encoding="utf-8").strip() if readme.is_file() else ""
    parts = [about or f"# {component.title}\n\n{component.description}", _component_facts(component)]
    if component.settings and "# Settings" not in about:
        parts.append("# Settings\n\n" + "\n".join(_settings(component)))
    return "\n\n".join(parts)


def _component_facts(component: Component) -> str:
    facts = [
        f"name: `{component.name}`",
        f"version: {component.version}",
        f"namespace: `{component.namespace}`",
        f"ownership: {', '.join(component.ownership)}",
    ]
    if component.needs:
        facts.append(f"needs: {', '.join(component.needs)}")
    return "\n".join(f"- {fact}" for fact in facts)


def _settings(component: Component) -> Iterator[str]:
    for name, setting in component.settings.items():
        facts: list[str] = [setting.type]
        if setting.default is not None:
            facts.append(f"default `{json.dumps(setting.default)}`")
        if setting.enum:
            facts.append(f"one of {', '.join(setting.enum)}")
        yield f"- `{name}` ({', '.join(facts)}): {setting.description}"
