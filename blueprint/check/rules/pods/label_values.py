"""Label values that neither GPU feature discovery nor the provider of the nodes ever sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import required_terms, selected_labels
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.paths import format_path

NEVER_SET = define("BP6175", "gpu-label-value-never-set", page=__file__, severity=Severity.WARNING)


class _Form(Record):
    """The form of some labels' values, and how to write them."""

    keys: re.Pattern[str]
    value: re.Pattern[str]
    help: str


_FORMS = (
    _Form(
        lazy_pattern(r"nvidia\.com/gpu\.product"),
        lazy_pattern(r"(NVIDIA|Tesla|Quadro|GRID|GeForce|TITAN)-.*"),
        "use the name that nvidia-smi shows, with - for spaces: NVIDIA-A100-SXM4-80GB",
    ),
    _Form(
        lazy_pattern(r"nvidia\.com/gpu\.(count|replicas|memory|compute\.major|compute\.minor)"),
        lazy_pattern(r"[0-9]+"),
        "use a number; nvidia.com/gpu.memory is in MiB",
    ),
    _Form(
        lazy_pattern(r"nvidia\.com/(gpu\.present|mig\.capable|mps\.capable|vgpu\.present)"),
        lazy_pattern(r"true|false"),
        "use true or false",
    ),
    _Form(lazy_pattern(r"nvidia\.com/gpu\.family"), lazy_pattern(r"[a-z0-9-]+"), "use lower case: hopper"),
    _Form(lazy_pattern(r"nvidia\.com/mig\.strategy"), lazy_pattern(r"none|single|mixed"), "use none, single or mixed"),
    _Form(
        lazy_pattern(r"cloud\.google\.com/gke-accelerator"),
        lazy_pattern(
            r"nvidia-(?!(?:a100(?:-40gb)?|h100|h200|t4|v100|p100|p4|k80|tesla-(?:l4|a100-.*|h100.*|h200.*|b200))$).*"
        ),
        "use one of GKE's names: nvidia-l4, nvidia-tesla-t4, nvidia-tesla-v100, nvidia-tesla-a100, nvidia-a100-80gb, "
        "nvidia-h100-80gb, nvidia-h100-mega-80gb, nvidia-h200-141gb, nvidia-b200, nvidia-gb200",
    ),
)


@rule(NEVER_SET, tags=("scheduling",))
def never_set(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Values that no node has, in selectors and required affinity. Not checked if the pools are known."""
    for path, key, value in () if context.pools else _wanted(pod):
        form = next((each for each in _FORMS if each.keys.fullmatch(key)), None)
        if form and not form.value.fullmatch(value):
            text = f"{format_path(path, pod.subject.data)} is {value}, but {key} never has this value"
            yield ObjectFinding(NEVER_SET, path, text, form.help)


def _wanted(pod: DescribedPod) -> Iterator[tuple[Path, str, str]]:
    """The values that nodes must have, each with its path and label."""
    for each in selected_labels(pod):
        yield from ((each.path, each.key, value) for value in each.values if isinstance(value, str))
    for each in (demand for term in required_terms(pod) for demand in term if demand.operator == "In"):
        for index, value in enumerate(each.values):
            if isinstance(value, str):
                yield (*each.path, index), each.key, value


RULES = (never_set,)
