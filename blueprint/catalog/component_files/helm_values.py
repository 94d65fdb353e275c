"""Maps the values of a component's upstream Helm chart to blueprint fields: `upstream.yaml` in its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.data import data_folder
from blueprint.records import Record
from blueprint.source.loader import load_text


class ChartValues(Record):
    """The file of one component: the chart, an answer for each value, and settings without a chart value."""

    component: str
    chart: str
    version: str
    places: Mapping[str, Mapping[str, Any]]
    more: Mapping[str, str]

    def place(self, value: str) -> str | None:
        """The key of the answer for a chart value: the value itself, or its longest ancestor."""
        steps = value.split(".")
        above = (".".join(steps[:length]) for length in range(len(steps), 0, -1))
        return next((key for key in above if key in self.places), None)


def all_chart_values() -> Iterator[ChartValues]:
    """The files of all components, by name."""
    for file in sorted(data_folder("components").glob("*/upstream.yaml")):
        data: Any = load_text(file.read_text("utf-8"), file.name).data
        yield ChartValues(file.parent.name, data["chart"], data["version"], data["answers"], data["more"] or {})


def where_helm_values_are(component: str, key: str, value: Any) -> list[str]:
    """The blueprint field for each chart value in `value`, if `key` of a component may come from its chart.

    Empty if the chart has no such value. `value` is what was written under the key, including nested mappings.
    """
    one = next((each for each in all_chart_values() if each.component == component), None)
    if one is None:
        return []
    written = list(_leaves(key, value)) or [key]
    found = dict.fromkeys(known for each in written if (known := one.place(each)))
    if not found:  # no value below the key is known, but known values may start with the key
        found = dict.fromkeys(known for known in one.places if known.startswith(f"{key}."))
    return [f"the chart's {known} {_in_words(one.places[known])}" for known in found]


def _leaves(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _leaves(f"{key}.{name}", below)
    else:
        yield key


def _in_words(answer: Mapping[str, Any]) -> str:
    kind, text = next(iter(answer.items()))
    why = f" ({answer['why']})" if "why" in answer else ""
    match kind:
        case "setting":
            return f"is the setting {' or '.join(text)}{why}"
        case "field":
            return f"is {text}{why}"
        case "patch":
            return f"has no setting: write `patches` of the component{why}"
        case "out":
            return f"cannot be expressed: {text}{why}"
    return f"must not be set: {text}{why}"
