"""CycloneDX 1.6: a bill of materials of the images that the platform pulls. Only for `images`.

It contains no time and no random number: the same images result in the same bytes.
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from blueprint.report.context import Context
from blueprint.report.document import carried
from blueprint.report.model import ReportedImage, Run

VERBS = ("images",)
"""The verbs that support this format: for others the bill would be empty."""
SPEC_VERSION = "1.6"
_NAMESPACE = uuid.UUID("3c0f4a52-5e0b-5c43-9a0e-6a1f7b1f0d55")
"""The namespace of this tool: serial numbers are UUIDs of version 5 in it."""


def render(run: Run, context: Context) -> str:
    """The bill of materials as JSON in ASCII."""
    name, version = run.subject.get("blueprint", "blueprint"), run.subject.get("version", "")
    platform = f"platform:{name}"
    images = [_component(image) for image in run.images]
    identity = json.dumps([name, version, run.subject.get("digest", ""), [image["bom-ref"] for image in images]])
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, identity)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "blueprint", "version": context.version}]},
            "component": {
                "type": "platform",
                "bom-ref": platform,
                "name": name,
                **({"version": version} if version else {}),
            },
            "properties": _properties({f"blueprint:{key}": value for key, value in run.subject.items()}),
        },
        "components": images,
        "dependencies": [
            {"ref": platform, "dependsOn": [image["bom-ref"] for image in images]},
            *({"ref": image["bom-ref"]} for image in images),
        ],
    }
    return json.dumps(carried(bill), indent=1, ensure_ascii=True) + "\n"


def _component(image: ReportedImage) -> dict[str, Any]:
    facts = {"blueprint:component": image.component, "blueprint:pulledBy": image.pulled_by}
    if image.source:
        facts["blueprint:source"] = str(image.source.span)
    digest = image.digest.removeprefix("sha256:") if image.digest else None
    return {
        "type": "container",
        "bom-ref": f"{image.ref}@{image.digest}" if image.digest and "@" not in image.ref else image.ref,
        "name": image.name,
        "version": image.tag or image.digest or "",
        "purl": _purl(image),
        **({"hashes": [{"alg": "SHA-256", "content": digest}]} if digest else {}),
        "properties": _properties(facts),
    }


def _purl(image: ReportedImage) -> str:
    """`pkg:oci/driver@sha256%3A...?repository_url=nvcr.io%2Fnvidia%2Fdriver&tag=580`, as defined by the purl
    specification.
    """
    name = image.name.rpartition("/")[2].lower()
    version = f"@{quote(image.digest, safe='')}" if image.digest else ""
    qualifiers = [f"repository_url={quote(image.name, safe='')}"]
    if image.tag:
        qualifiers.append(f"tag={quote(image.tag, safe='')}")
    return f"pkg:oci/{quote(name, safe='')}{version}?{'&'.join(qualifiers)}"


def _properties(facts: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in facts.items() if value]
