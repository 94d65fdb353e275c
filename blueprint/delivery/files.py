"""The files of a bundle's folder `delivery/`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.bundle.layout import DELIVERY
from blueprint.bundle.model import Object
from blueprint.delivery.argocd import configuration, parent_application, stage_application
from blueprint.delivery.expected_writes import ignored_fields
from blueprint.delivery.flux import stage_kustomization, stage_resources
from blueprint.delivery.health import health_checks
from blueprint.delivery.stages import stages_of
from blueprint.platform.delivery.model import Delivery
from blueprint.source.yaml_writer import emit

ARGOCD = f"{DELIVERY}/argocd"
FLUX = f"{DELIVERY}/flux"


def delivery_files(
    name: str, delivery: Delivery, objects: Sequence[Object], *, release: str, distribution: str
) -> dict[str, bytes]:
    """All files by their path in the bundle.

    Args:
        name: The name of the platform.
        delivery: Which controller applies the bundle, and from where.
        objects: The objects of the bundle.
        release: The platform's release, on which health rules may depend.
        distribution: The Kubernetes distribution, on which expected writes may depend.
    """
    stages = stages_of(objects)
    checks = health_checks(objects, release)
    ignored = ignored_fields(objects, distribution)
    found: dict[str, Any] = {}
    if argocd := delivery.argocd:
        found[f"{ARGOCD}/application.yaml"] = parent_application(name, delivery.path, argocd, f"{ARGOCD}/stages")
        found[f"{ARGOCD}/argocd-cm.yaml"] = configuration(argocd, checks)
        for stage in stages:
            application = stage_application(name, delivery.path, argocd, stage, ignored)
            found[f"{ARGOCD}/stages/{stage.label}.yaml"] = application
    if flux := delivery.flux:
        for before, stage in zip([None, *stages], stages, strict=False):
            folder = f"{FLUX}/{stage.label}"
            path = f"{delivery.path}/{folder}".removeprefix("/")
            made = stage_kustomization(name, path, flux, stage, before, checks, ignored)
            found[f"{FLUX}/kustomizations/{stage.label}.yaml"] = made
            found[f"{folder}/kustomization.yaml"] = stage_resources(stage, "../../..")
    return {path: emit(document).encode() for path, document in found.items()}
