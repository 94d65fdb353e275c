"""Responses of exporters, and the series that Prometheus derives from them with the rendered monitors, for promtool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1] / "observability" / "recordings"
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of an exporter's response."""

    metric: str
    labels: dict[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The response of an exporter: the type of each metric, and the samples."""

    types: dict[str, str]
    samples: tuple[Sample, ...]


def read(name: str) -> Recording:
    """The recording with this name. Raises AssertionError if a line is not in the exposition format."""
    types: dict[str, str] = {}
    samples = []
    for line in (HERE / f"{name}.prom").read_text("utf-8").splitlines():
        if line.startswith("# TYPE "):
            _, _, metric, kind = line.split(" ")
            types[metric] = kind
        elif line and not line.startswith("#"):
            found = _SAMPLE.fullmatch(line)
            assert found, line
            labels = dict(_LABEL.findall(found[2]))
            assert _LABEL.sub("", found[2]) == "", line
            float(found[3])
            assert found[1] in types, f"{found[1]} has no TYPE"
            samples.append(Sample(found[1], labels, found[3]))
    assert samples
    return Recording(types, tuple(samples))


def relabelled(endpoint: Mapping[str, Any], discovered: Mapping[str, str]) -> dict[str, str]:
    """The labels of a target after the relabelings of a monitor's endpoint. Only the action `replace` is supported."""
    labels = dict(discovered)
    for rule in endpoint.get("relabelings", ()):
        assert rule["action"] == "replace"
        assert set(rule) <= {"action", "sourceLabels", "targetLabel", "replacement"}
        value = ";".join(labels.get(name, "") for name in rule.get("sourceLabels", ()))
        labels[rule["targetLabel"]] = rule.get("replacement", value)
    return {name: value for name, value in labels.items() if not name.startswith("__") and value}


def scraped(sample: Sample, target: Mapping[str, str]) -> str:
    """The series of a sample with honorLabels: false. Labels that the target also has get the prefix exported_."""
    own = {(f"exported_{name}" if name in target else name): value for name, value in sample.labels.items()}
    labels = {name: value for name, value in {**own, **target}.items() if value}
    return sample.metric + "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def series(name: str, endpoint: Mapping[str, Any], discovered: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A recording as input for promtool: every value lasts for two days."""
    target = relabelled(endpoint, discovered)
    for sample in read(name).samples:
        yield {"series": scraped(sample, target), "values": f"{sample.value}x600"}
    yield {"series": scraped(Sample("up", {}, "1"), target), "values": "1x600"}
