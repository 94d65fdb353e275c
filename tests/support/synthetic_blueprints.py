"""Blueprints of any size: pools of every shape, and manifests beside them; and how a user's second run is measured."""

from __future__ import annotations

import compileall
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def byte_compiled() -> dict[str, str]:
    """Compile all modules, and the environment to run them in: only the first run after an installation is slower.

    Without it every run would compile them where PYTHONDONTWRITEBYTECODE is set.
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
"""Without GPUs, whole, with the host's driver, shared, cut, cut and shared; two sorts of driver."""
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
    """A blueprint of so many pools, each shape in turn; `plain` takes the first three, which are not cut or shared."""
    shapes = SHAPES[:3] if plain else SHAPES
    pools = "".join(
        f"    pool-{number:04}:\n      nodes: {1 + number % 5}\n"
        f"      selector: {{example.org/pool: pool-{number:04}, example.org/site: here}}\n"
        + shapes[number % len(shapes)]
        for number in range(count)
    )
    return _written(folder, f"  nodeLabels: apply\n  nodePools:\n{pools}")


def with_objects(folder: Path, count: int) -> Path:
    """A blueprint of so many manifests of three kinds, one file for each, in a namespace that somebody else makes."""
    third = count // 3
    return _with_manifests(
        folder,
        {"notes": (CONFIG_MAP, third + count % 3), "webs": (deployment(["main"]), third), "services": (SERVICE, third)},
    )


def with_config_maps(folder: Path, count: int) -> Path:
    """The same of ConfigMaps, all in one file."""
    return _with_manifests(folder, {"notes": (CONFIG_MAP, count)})


def with_deployments(folder: Path, count: int) -> Path:
    """The same of Deployments of three containers."""
    return _with_manifests(folder, {"webs": (deployment(["main", "proxy", "logs"]), count)})


def deployment(containers: Sequence[str]) -> str:
    """A Deployment whose `{number}` is still to be given."""
    described = (CONTAINER.format(name=name, port=8000 + index) for index, name in enumerate(containers))
    return DEPLOYMENT + "".join(described)


def _with_manifests(folder: Path, files: Mapping[str, tuple[str, int]]) -> Path:
    """A blueprint of files, by name: the text of a manifest, and how often it stands there with another number."""
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
