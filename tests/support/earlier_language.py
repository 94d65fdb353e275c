"""An imaginary earlier version of the language: keys had other names and places, and one value stood for two fields."""

from __future__ import annotations

from typing import Any

from blueprint.spec.model import API_VERSION
from blueprint.spec.versions import ConversionStep, Language, Move, Rename, Split

OLDEST, OLDER = "gpublueprint.dev/v0", "gpublueprint.dev/v0beta1"


def model(value: Any) -> dict[str, Any]:
    """The fields for `8 x H100`: the model and the count."""
    count, _, product = str(value).partition(" x ")
    if not product:
        raise ValueError(f"{value} is not of the form 8 x H100-SXM5-80GB")
    return {"product": product, "count": int(count)}


LANGUAGE = Language(
    (OLDEST, OLDER, API_VERSION),
    (
        ConversionStep(OLDEST, OLDER, (Rename("spec.pools", "nodePools"),)),
        ConversionStep(
            OLDER,
            API_VERSION,
            (
                Move("spec.kubernetes", "spec.cluster.kubernetes"),
                Move("spec.nodePools.*.modules", "spec.nodePools.*.driver.kernelModules"),
                Split("spec.nodePools.*.gpu.model", ("product", "count"), model),
            ),
        ),
    ),
)

OLD = """\
# The platform of ACME.   Mind the blanks.
apiVersion: "gpublueprint.dev/v0"   # to be converted
kind: Blueprint
metadata: {name: acme,   version: 1.0.0}

spec:
  release: '2026.11'
  # Not newer: CHG-17.
  kubernetes: "1.36"  # the API

  cluster:
      os:   ubuntu-24.04     # indented as somebody likes it
  pools:
    # Three controllers.
    system:
      nodes: 3
      selector: {acme.example/pool: system}

    train:
      nodes: 4
      selector: {acme.example/pool: train}
      # What is in the box.
      gpu:
        # eight
        model: 8 x H100-SXM5-80GB   # SXM
      # No closed source.
      modules: open   # CHG-4
      taints: {nvidia.com/gpu: "true:NoSchedule"}
    small: {nodes: 1, selector: {acme.example/pool: small}, modules: open, gpu: {model: 1 x T4}}
# the end
"""
NEW = """\
# The platform of ACME.   Mind the blanks.
apiVersion: "gpublueprint.dev/v1alpha2"   # to be converted
kind: Blueprint
metadata: {name: acme,   version: 1.0.0}

spec:
  release: '2026.11'

  cluster:
      os:   ubuntu-24.04     # indented as somebody likes it
      # Not newer: CHG-17.
      kubernetes: "1.36"  # the API
  nodePools:
    # Three controllers.
    system:
      nodes: 3
      selector: {acme.example/pool: system}

    train:
      nodes: 4
      selector: {acme.example/pool: train}
      # What is in the box.
      gpu:
        # eight
        product: H100-SXM5-80GB
        count: 8   # SXM
      taints: {nvidia.com/gpu: "true:NoSchedule"}
      driver:
        # No closed source.
        kernelModules: open   # CHG-4
    small: {nodes: 1, selector: {acme.example/pool: small}, gpu: {product: T4, count: 1}, driver: {kernelModules: open}}
# the end
"""
