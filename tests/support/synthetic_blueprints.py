"""Blueprints of any size, with pools of every shape and additional manifests, and measurements of a user's second
run.
"""

from __future__ import annotations

import compileall
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def byte_compiled() -> dict[str, str]:
    """Compile all modules to bytecode and return the environment for runs. Only the first run after an installation is
    slower.

    If PYTHONDONTWRITEBYTECODE is set, every run would otherwise compile them.
    """
    compileall.compile_dir(ROOT / "blueprint", quiet=1)
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: bench, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3", os: ubuntu-24.04}
"""
TAINT = '      taints: {nvidia.com/gpu: "true:NoSchedule"}\n'
SHAPES = (
    "",
    TAINT + '      gpu: {product: H100-SXM5-80GB, count: 8}\n      driver: {branch: "580", kernelModules: open}\n',
    TAINT
    + '      gpu: {product: A100-SXM4-80GB, count: 4}\n      owner: {driver: host}\n      driver: {branch: "580"}\n',
    TAINT + '      gpu: {product: L40S, count: 4, sharing: {timeSlicing: 4}}\n      driver: {branch: "580"}\n',
    TAINT + "      gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{profiles: {1g.10gb: 7}}]}}\n"
    '      driver: {branch: "580"}\n      expect: {persistenceMode: true}\n',
    TAINT + "      gpu: {product: A100-SXM4-80GB, count: 4, mig: {layout: [{profiles: {2g.20gb: 3, 1g.20gb: 1}}]},\n"
    '            sharing: {timeSlicing: {2g.20gb: 4}}}\n      driver: {branch: "580"}\n',
)
"""Pools without GPUs, with whole GPUs, with the host's driver, shared, with MIG, with MIG and sharing, and with two
types of driver.
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: note-{number:05}
  namespace: bench
data:
  key: value {number}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number:05}
  namespace: bench
  labels:
    app: web-{number:05}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web-{number:05}
  template:
    metadata:
      labels:
        app: web-{number:05}
    spec:
      containers:
"""
CONTAINER = """\
        - name: {name}
          image: registry.example.org/{name}:1.2.3
          args: ["--level", "3"]
          ports:
            - containerPort: {port}
              protocol: TCP
          resources:
            limits:
              memory: 1Gi
            requests:
              cpu: 100m
              memory: 128Mi
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web-{number:05}
  namespace: bench
spec:
  selector:
    app: web-{number:05}
  ports:
    - port: 80
      targetPort: 8000
      protocol: TCP
"""


def with_pools(folder: Path, count: int, *, plain: bool = False) -> Path:
    """A blueprint with `count` pools, one shape after another. `plain` uses the first three shapes, without MIG and
    sharing.
    """
    shapes = SHAPES[:3] if plain else SHAPES
    pools = "".join(
        f"    pool-{number:04}:\n      nodes: {1 + number % 5}\n"
        f"      selector: {{example.org/pool: pool-{number:04}, example.org/site: here}}\n"
        + shapes[number % len(shapes)]
        for number in range(count)
    )
    return _written(folder, f"  nodeLabels: apply\n  nodePools:\n{pools}")


def with_objects(folder: Path, count: int) -> Path:
    """A blueprint with `count` manifests of three kinds, one file for each, in an external namespace."""
    third = count // 3
    return _with_manifests(
        folder,
        {"notes": (CONFIG_MAP, third + count % 3), "webs": (deployment(["main"]), third), "services": (SERVICE, third)},
    )


def with_config_maps(folder: Path, count: int) -> Path:
    """A blueprint with `count` ConfigMaps in one file."""
    return _with_manifests(folder, {"notes": (CONFIG_MAP, count)})


def with_deployments(folder: Path, count: int) -> Path:
    """A blueprint with `count` Deployments of three containers in one file."""
    return _with_manifests(folder, {"webs": (deployment(["main", "proxy", "logs"]), count)})


def deployment(containers: Sequence[str]) -> str:
    """A Deployment with the placeholder `{number}`."""
    described = (CONTAINER.format(name=name, port=8000 + index) for index, name in enumerate(containers))
    return DEPLOYMENT + "".join(described)


def _with_manifests(folder: Path, files: Mapping[str, tuple[str, int]]) -> Path:
    """A blueprint with manifest files. Each file name maps to a manifest and the number of numbered copies."""
    for name, (template, count) in files.items():
        (folder / f"{name}.yaml").write_text("---\n".join(template.format(number=each) for each in range(count)))
    pools = "  nodePools:\n    none: {nodes: {min: 0, max: 0}, selector: {example.org/pool: none}}\n"
    components = "  components: {nfd: {ownership: absent}, gpu-operator: {ownership: absent}}\n"
    names = ", ".join(f'"{name}.yaml"' for name in files)
    return _written(folder, f"{pools}{components}  extraManifests: [{names}]\n")


def _written(folder: Path, rest: str) -> Path:
    file = folder / "blueprint.yaml"
    file.write_text(HEAD + rest)
    return file
