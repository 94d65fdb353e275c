"""One trial, step by step: nodes, objects, workloads, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.bundle.model import Bundle, BundlePool
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.codes import POOL_SIZE
from blueprint.cluster.health import simulated_nodes as simulated_note
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Diagnostic
from blueprint.lab.access import Lab
from blueprint.lab.devices import publish
from blueprint.lab.nodes import node_count, simulated_nodes
from blueprint.lab.trial.claims import ClaimFacts
from blueprint.lab.trial.follow import follow, is_followed
from blueprint.lab.trial.inputs import workloads_of
from blueprint.lab.trial.judge import Judge, refusal_of
from blueprint.lab.trial.model import Omission, Placement, TrialResult, Workload
from blueprint.lab.trial.node_fit import node_states
from blueprint.lab.trial.samples import NAMESPACE, samples
from blueprint.lab.trial.submit import Refusal, read_object, submit
from blueprint.lab.trial.surroundings import make_namespace, nodes_in_words, prepare
from blueprint.lint.inputs import Inputs
from blueprint.records import Record
from blueprint.wording import counted, joined

ALWAYS_LEFT_OUT = (
    Omission("kubelet and container runtime", "no image is pulled, no container runs"),
    Omission("device plugins and drivers", "the lab itself says what nodes offer"),
    Omission("network and storage", "nothing carries a packet or keeps data"),
)
Labels = Mapping[str, Mapping[str, str]]
Json = Mapping[str, Any]


class TrialOptions(Record):
    """How a trial is done.

    Attributes:
        most_nodes: So many nodes of each pool at most.
        timeout: Seconds for each wait.
        workloads: What to try; None for a sample of what each pool offers.
        labels: What discovery would find on nodes, by pool.
        classes: DeviceClasses that an operator would make.
        class_names: Those that drivers have, by driver and type of device.
    """

    most_nodes: int
    timeout: float
    workloads: Inputs | None = None
    labels: Labels = MappingProxyType({})
    classes: tuple[dict[str, Any], ...] = ()
    class_names: Mapping[tuple[str, str], str] = MappingProxyType({})


class Trial:
    """A bundle in a lab whose pods live. `progress` is told each step."""

    def __init__(self, lab: Lab, connection: Connection, bundle: Bundle, progress: Callable[[str], None]) -> None:
        self._lab = lab
        self._connection = connection
        self._bundle = bundle
        self._progress = progress

    def run(self, options: TrialOptions) -> TrialResult:
        """Do it. Raises ApiError, RequestFailed or HttpError where the lab does not answer, Refused as `apply` does."""
        nodes = self._make_nodes(options)
        adapted = prepare(self._bundle, self._connection, options.timeout)
        findings = list(self._apply(adapted.bundle, options.timeout))
        workloads = self._workloads(options)
        there = self._submit(workloads, options)
        self._progress(f"waiting for the scheduler: {counted(len(workloads), 'workload')}")
        placements = tuple(self._decided(workloads, there, options.timeout))
        findings += self._refused_beside(workloads, there, options)
        if note := simulated_note(self._connection):
            findings.append(note)
        left_out = (*ALWAYS_LEFT_OUT, *_left_out(options, self._bundle), *adapted.left_out)
        return TrialResult(placements, nodes, left_out, tuple(findings))

    def _make_nodes(self, options: TrialOptions) -> dict[str, tuple[int, int]]:
        def number(pool: BundlePool) -> int:
            return node_count(pool, options.most_nodes)

        made = {pool.name: (number(pool), pool.nodes_max) for pool in self._bundle.pools}
        self._lab.create_nodes(simulated_nodes(self._bundle, number, options.labels))
        self._progress(f"simulated nodes: {nodes_in_words(made)}")
        if any(pool.published for pool in self._bundle.pools):
            slices = publish(self._lab, self._bundle, number, options.classes)
            self._progress(f"simulated slices: {slices}")
        return made

    def _apply(self, bundle: Bundle, timeout: float) -> Iterator[Diagnostic]:
        """As `apply` does it; then wait until the platform's own pods are ready, and tell why others are not."""
        self._progress(f"applying {counted(len(bundle.objects), 'object')}")
        plan = make_plan(bundle, self._connection, try_new=False)
        applied = apply_plan(plan, self._connection, ApplyOptions(timeout)).diagnostics
        yield from (each for each in applied if each.code is not POOL_SIZE)  # how many nodes there are is decided here
        self._progress("waiting for simulated readiness")
        for placement in self._own(bundle, timeout):
            if placement.finding and not (placement.workload.object.id.kind == "DaemonSet" and not placement.pods):
                yield placement.finding

    def _own(self, bundle: Bundle, timeout: float) -> Iterator[Placement]:
        """What became of the platform's own workloads, as far as they were written."""
        discovery = discover(self._connection)
        found: list[tuple[Workload, Json | Refusal]] = []
        for obj in filter(is_followed, bundle.objects):
            resource = discovery.find(obj.api_version, obj.id.kind)
            if resource and (root := read_object(resource.path(obj.id.namespace, obj.id.name), self._connection)):
                found.append((Workload(obj), root))
        yield from self._judged(found, timeout)

    def _workloads(self, options: TrialOptions) -> Sequence[Workload]:
        if options.workloads is not None:
            return workloads_of(options.workloads)
        make_namespace(self._connection, NAMESPACE)
        return list(samples(self._bundle, options.class_names))

    def _submit(self, workloads: Sequence[Workload], options: TrialOptions) -> Mapping[int, Json | Refusal]:
        given = options.workloads.objects if options.workloads else tuple(each.object for each in workloads)
        more = (obj for each in workloads for obj in (each.run, *each.beside) if obj)
        return submit((*given, *more), self._connection, options.timeout)

    def _decided(
        self, workloads: Sequence[Workload], there: Mapping[int, Json | Refusal], timeout: float
    ) -> Iterator[Placement]:
        yield from self._judged([(each, there[id(each.followed)]) for each in workloads], timeout)

    def _judged(self, found: Sequence[tuple[Workload, Json | Refusal]], timeout: float) -> Iterator[Placement]:
        roots = [root for _, root in found if not isinstance(root, Refusal)]
        seen = iter(follow(roots, self._connection, timeout))
        pods = self._connection.list("/api/v1/pods")
        nodes = node_states(self._connection.list("/api/v1/nodes"), pods)
        judge = Judge(nodes, self._bundle.pools, ClaimFacts.read(self._connection), timeout)
        for workload, root in found:
            yield (
                judge.refused(workload, root) if isinstance(root, Refusal) else judge.judged(workload, root, next(seen))
            )

    def _refused_beside(
        self, workloads: Sequence[Workload], there: Mapping[int, Json | Refusal], options: TrialOptions
    ) -> Iterator[Diagnostic]:
        """Findings about objects beside the workloads."""
        judged = {id(obj) for each in workloads for obj in (each.object, each.followed)}
        for obj in options.workloads.objects if options.workloads else ():
            if id(obj) not in judged and isinstance(refusal := there[id(obj)], Refusal):
                yield refusal_of(obj, refusal)


def _left_out(options: TrialOptions, bundle: Bundle) -> Iterator[Omission]:
    """What drivers and operators would publish, and the lab published itself."""
    if any(pool.published for pool in bundle.pools):
        yield Omission("ResourceSlices", "predicted: no driver has seen a device")
    if options.classes:
        names = [str(each["metadata"]["name"]) for each in options.classes]
        yield Omission(f"DeviceClass {joined(names)}", "an operator brings them; the lab made them itself")
    if options.labels:
        yield Omission("labels of discovery", "predicted, as far as the platform knows them")
