"""Names of MIG resources that no device plugin uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

OF_NO_GPU = define("BP6178", "mig-profile-of-no-gpu", page=__file__, severity=Severity.WARNING)
MISSPELT = define("BP6579", "mig-resource-misspelt", page=__file__, severity=Severity.WARNING)
_LOOKS = lazy_pattern(r"nvidia\.com/mig(?![a-z])", re.IGNORECASE)
_FORM = lazy_pattern(r"nvidia\.com/mig-([0-9]c\.)?[0-9]g\.[0-9]+gb(-me)?(\.[a-z]+)*(\.shared)?")
_PROFILE = lazy_pattern(r"[0-9]g\.[0-9]+gb(-me)?")
"""A profile without the attributes that it adds. One that has no media engines (`-me`) exists for few GPUs."""
_NEAR = lazy_pattern(r"nvidia\.com/mig[-_.]?([0-9])g?[-_.]?([0-9]+)gi?b?(?:[+.-](me|gfx|all))?", re.IGNORECASE)


@rule(MISSPELT, tags=("scheduling", "mig"))
def misspelt(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources that look like MIG devices but are not. Not checked if the pools are known."""
    for path, name, _ in () if context.pools else pod.requests:
        if path[-2] == "limits" and _LOOKS.match(name) and not _FORM.fullmatch(name):
            near = _NEAR.fullmatch(name)
            text = f"{format_path(path, pod.subject.data)}: no device plugin offers {name}"
            usual = "use a name like nvidia.com/mig-1g.10gb: compute slices, memory, and any suffix after a dot"
            yield ObjectFinding(MISSPELT, path, text, f"did you mean {_named(near)}?" if near else usual)


@rule(OF_NO_GPU, tags=("scheduling", "mig"))
def unknown_profiles(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """MIG devices of a size that no GPU is partitioned into. Known pools say themselves what there is."""
    for path, name, _ in () if context.pools else pod.requests:
        profile = _PROFILE.search(name) if path[-2] == "limits" and _FORM.fullmatch(name) else None
        if profile and profile[0] not in _profiles():
            text = f"{format_path(path, pod.subject.data)}: no GPU has the MIG profile {profile[0]}"
            slices = profile[0].partition(".")[0]
            sized = (each for each in _profiles() if each.startswith(f"{slices}.") and each.endswith("gb"))
            sizes = sorted({int(each[3:-2]) for each in sized})
            known = (
                f"memory sizes for {slices}: {', '.join(map(str, sizes))} gb"
                if sizes
                else "a profile has 1, 2, 3, 4 or 7 compute slices"
            )
            yield ObjectFinding(OF_NO_GPU, path, text, known)


@cache
def _profiles() -> frozenset[str]:
    """Compute slices and memory of every profile that some GPU has, and whether it has no media engines."""
    from blueprint.catalog.catalog import load_catalog  # a tenth of a second, for few manifests

    catalog = load_catalog()
    gpus = (catalog.gpu(product) for product in catalog.products)
    profiles = (gpu.mig.profiles for gpu in gpus if gpu and gpu.mig)
    names = (profile.name for each in profiles if each for profile in each.value)
    return frozenset(found[0] for name in names if (found := _PROFILE.match(name)))


def _named(found: re.Match[str]) -> str:
    return f"nvidia.com/mig-{found[1]}g.{found[2]}gb" + (f".{found[3].lower()}" if found[3] else "")


RULES = (misspelt, unknown_profiles)
