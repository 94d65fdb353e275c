"""Renders workloads for users: files next to the manifests, which nothing applies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blueprint.bundle.layout import WORKLOADS
from blueprint.bundle.model import USERS, Object
from blueprint.catalog.workloads import PARTS, TEMPLATES
from blueprint.data import data_folder
from blueprint.platform.model import Platform
from blueprint.platform.tracking.recorder import untracked
from blueprint.platform.workloads.model import Sample
from blueprint.records import Record
from blueprint.render.canonical import canonical
from blueprint.render.engine import render
from blueprint.render.template import Branch, load_template
from blueprint.source.yaml_writer import emit
from blueprint.text_templates import TextTemplates

_CLAIM = "claim.yaml"
_FIRST = ("name", "image", "command", "args", "env", "ports", "resources")
_PAGES = TextTemplates(Path(__file__).resolve().parent)


class WorkloadFile(Record):
    """One workload of one tenant for one pool."""

    sample: Sample
    objects: tuple[Object, ...]

    @property
    def name(self) -> str:
        """The path in the bundle: `workloads/research/vllm-train.yaml`."""
        return f"{WORKLOADS}/{self.sample.tenant}/{self.sample.kind.name}-{self.sample.target}.yaml"

    @property
    def text(self) -> str:
        """All objects as one file, with a header comment."""
        sample = self.sample
        head = f"# {sample.kind.title}: tenant {sample.tenant}, pool {sample.target}.\n"
        return head + "---\n".join(emit(each.data) for each in self.objects)


def render_workloads(platform: Platform) -> tuple[WorkloadFile, ...]:
    """All workloads of all tenants. Raises Refused (exit 70) if a template fails."""
    if not any(tenant.workloads for tenant in platform.tenants.every):
        return ()
    with untracked():
        return tuple(WorkloadFile(each, tuple(_objects(each, platform))) for each in platform.workloads.samples)


def _objects(sample: Sample, platform: Platform) -> Iterator[Object]:
    image = sample.kind.image
    context: dict[str, Any] = {
        "platform": platform,
        "sample": sample,
        "image": f"{platform.cluster.mirrored(image.repository)}:{image.tag}",
        "parts": {},
    }
    for part in load_template(data_folder("workloads") / PARTS):
        names = {str(key.constant): None for key, _ in part.entries} if isinstance(part, Branch) else {}
        made = next(render(part, context), None)
        context["parts"] = {**context["parts"], **names, **(made.data if made else {})}
    for file in (data_folder("workloads") / _CLAIM, sample.kind.folder / TEMPLATES):
        for template in load_template(file):
            for rendered in render(template, context):
                yield Object(_readable(canonical(rendered.data)), USERS, rendered.origins)


def _readable(value: Any) -> Any:
    """The value with the identifying keys of containers first, in the usual order."""
    if isinstance(value, Mapping):
        first = [key for key in _FIRST if key in value] if "image" in value else []
        return {key: _readable(value[key]) for key in (*first, *(key for key in value if key not in first))}
    return [_readable(each) for each in value] if isinstance(value, list) else value


def workload_files(platform: Platform) -> dict[str, bytes]:
    """The files of a bundle for users, by name: a page that lists them, and one file per workload."""
    made = render_workloads(platform)
    found = {each.name: each.text.encode() for each in made}
    if found:
        page = _PAGES.render("workloads_page.md.j2", title=platform.name, files=made, platform=platform)
        found[f"{WORKLOADS}/README.md"] = page.encode()
    return found
