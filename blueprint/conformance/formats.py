"""Formats for the results of a checklist: a table, a submission, JSON or JUnit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from blueprint.bundle.model import Bundle
from blueprint.conformance.checklists import checklists
from blueprint.conformance.judge import ItemEvidence, Standing
from blueprint.source.yaml_writer import emit

Format = Callable[[Bundle, str, Sequence[ItemEvidence]], str]
_OF_THE_VENDOR = (
    "vendorName", "websiteUrl", "repoUrl", "documentationUrl", "productLogoUrl", "description", "contactEmailAddress",
    "k8sConformanceUrl",
)  # fmt: skip
"""Fields of a submission that a blueprint does not contain. Source: cncf/k8s-ai-conformance, scripts/validate.go."""


def as_table(_bundle: Bundle, _version: str, found: Sequence[ItemEvidence]) -> str:
    """A row for each item, followed by the evidence and what is missing."""
    width = max(len(each.id) for each in found)
    lines: list[str] = []
    for each in found:
        lines.append(f"{each.id:{width}}  {each.level:6}  {each.standing}")
        lines += [f"  {kind}: {text}" for kind, text in _evidence(each)]
        lines.append(f"  missing: {each.missing}")
    return "\n".join(lines) + "\n"


def _evidence(found: ItemEvidence) -> Iterator[tuple[str, str]]:
    yield from (("static", text) for text in found.static)
    yield from (("live", text) for text in found.live or ())
    yield from (("not seen", text) for text in found.unseen)


def as_submission(bundle: Bundle, version: str, found: Sequence[ItemEvidence]) -> str:
    """PRODUCT.yaml in upstream's format, as far as possible: the submitter must set the status."""
    sections: dict[str, list[Mapping[str, Any]]] = {each.item.category: [] for each in found}
    for each in found:
        sections[each.item.category].append(_submitted(each))
    known = {"kubernetesVersion": f"v{version}", "platformName": bundle.name, "platformVersion": bundle.version}
    head = (
        f"# Draft. Source of sections, ids and levels: {checklists().source}\n"
        "# No status is filled in: write one only with evidence that others can read.\n"
        "# Descriptions are not in upstream's words: replace them with those of the checklist before you submit.\n"
    )
    return head + emit({"metadata": {**known, **dict.fromkeys(_OF_THE_VENDOR, "")}, "spec": sections})


def _submitted(found: ItemEvidence) -> Mapping[str, Any]:
    notes = [*(f"{kind}: {text}" for kind, text in _evidence(found)), f"missing: {found.missing}"]
    return {
        "id": found.id,
        "description": found.item.requirement,
        "level": found.level,
        "status": "",
        "evidence": [],
        "notes": " / ".join(notes),
    }


def as_json(bundle: Bundle, version: str, found: Sequence[ItemEvidence]) -> str:
    """The results as JSON."""
    content: Mapping[str, Any] = {
        "schemaVersion": "gpublueprint.dev/conformance/v1",
        "checklist": version,
        "blueprint": {"name": bundle.name, "version": bundle.version},
        "items": [
            {
                "id": each.id,
                "level": each.level,
                "standing": each.standing.value,
                "static": each.static,
                "live": each.live,
                "notSeen": each.unseen,
                "missing": each.missing,
            }
            for each in found
        ],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def as_junit(bundle: Bundle, version: str, found: Sequence[ItemEvidence]) -> str:
    """A test case for each item. None passes: without a test run each one is skipped, with what is missing as the
    reason.
    """
    suite = ET.Element(
        "testsuite", name=f"ai-conformance-{version} {bundle.name}", tests=str(len(found)), failures="0",
        errors="0", skipped=str(len(found)),
    )  # fmt: skip
    for each in found:
        case = ET.SubElement(suite, "testcase", classname=f"ai-conformance-{version}.{each.level}", name=each.id)
        ET.SubElement(case, "skipped", message=f"{each.standing}: {each.missing}")
        if texts := [f"{kind}: {text}" for kind, text in _evidence(each)]:
            ET.SubElement(case, "system-out").text = "\n".join(texts)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


FORMATS: Mapping[str, Format] = {"table": as_table, "yaml": as_submission, "json": as_json, "junit": as_junit}
"""The output formats by name."""


def in_words(found: Sequence[ItemEvidence]) -> str:
    """The number of items with evidence."""
    shown = sum(each.standing is Standing.SHOWN for each in found)
    return f"{shown} of {len(found)} items have evidence, {len(found) - shown} are unknown; a run proves each"
