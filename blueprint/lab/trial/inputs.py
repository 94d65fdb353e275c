"""The workloads in a folder: manifests of any kind, some of which are or create pods."""

from __future__ import annotations

from pathlib import Path

from blueprint.bundle.model import Object
from blueprint.diagnostics import Diagnostic, Refused, has_errors
from blueprint.kubernetes.pod_templates import assembled_pod, pod_templates
from blueprint.lab import codes
from blueprint.lab.trial.follow import is_followed
from blueprint.lab.trial.model import Workload
from blueprint.lab.trial.stand_ins import pods_in_place_of
from blueprint.lint.inputs import Inputs, read_inputs

_HELP = "add manifests of workloads (Pods, Jobs, Deployments) in .yaml, .yml or .json files"


def read_workloads(path: Path) -> Inputs:
    """All manifests in a folder, or in one file.

    Raises Refused (2) if there is no workload, or if a manifest cannot be read, because everything must be tried.
    """
    if not path.exists():
        raise Refused(Diagnostic(codes.WORKLOADS, f"--workloads {path} does not exist", help=_HELP), exit_code=2)
    inputs = read_inputs([str(path)])
    if has_errors(inputs.problems):
        raise Refused(*inputs.problems, exit_code=2)
    if unnamed := [_unnamed(obj) for obj in inputs.objects if not _has_name(obj)]:
        raise Refused(*unnamed, exit_code=2)
    if not any(map(is_workload, inputs.objects)):
        found = Diagnostic(codes.WORKLOADS, f"{path} contains no workload", help=_HELP)
        raise Refused(found, *inputs.problems, exit_code=2)
    return inputs


def is_workload(obj: Object) -> bool:
    """Whether an object is a pod, or describes pods that a controller creates."""
    return obj.id.kind != "PodTemplate" and (any(pod_templates(obj.data)) or assembled_pod(obj.data) is not None)


def workloads_of(inputs: Inputs) -> tuple[Workload, ...]:
    """The workloads in the input."""
    return tuple(workload_of(obj) for obj in inputs.objects if is_workload(obj))


def workload_of(obj: Object) -> Workload:
    """The workload, with the objects that are followed in its place."""
    if (obj.id.group, obj.id.kind) == ("batch", "CronJob"):
        return Workload(obj, (_job_of(obj),))
    if is_followed(obj):
        return Workload(obj)
    return Workload(obj, tuple(pods_in_place_of(obj)), stood_in=True)


def _job_of(obj: Object) -> Object:
    """The Job that a CronJob would create, to avoid waiting for its schedule."""
    template = obj.data["spec"]["jobTemplate"]
    own = template.get("metadata") or {}
    metadata = {**own, "name": f"{obj.id.name}-now", **({"namespace": obj.id.namespace} if obj.id.namespace else {})}
    job = {"apiVersion": obj.api_version, "kind": "Job", "metadata": metadata, "spec": template["spec"]}
    return Object(job, obj.component)


def _has_name(obj: Object) -> bool:
    metadata = obj.data.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("name") or metadata.get("generateName"))


def _unnamed(obj: Object) -> Diagnostic:
    origin = obj.origin(())
    text = f"a {obj.data.get('kind')} without metadata.name"
    return Diagnostic(codes.WORKLOADS, text, at=origin.place.head if origin else None)
