"""One trial, step by step: nodes, objects, workloads, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.bundle.model import Bundle, BundlePool, Object
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.codes import POOL_SIZE
from blueprint.cluster.health import simulated_nodes as simulated_note
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Diagnostic
from blueprint.lab.access import Lab
from blueprint.lab.devices import publish
from blueprint.lab.nodes import node_count, simulated_nodes
from blueprint.lab.trial.claims import ClaimFacts
from blueprint.lab.trial.follow import combined, follow, is_followed
from blueprint.lab.trial.golden import GoldenWorkload
from blueprint.lab.trial.inputs import workloads_of
from blueprint.lab.trial.judge import Judge, refusal_of
from blueprint.lab.trial.model import Omission, Placement, TrialResult, Workload
from blueprint.lab.trial.node_fit import node_states
from blueprint.lab.trial.runtimes import demands_of
from blueprint.lab.trial.samples import NAMESPACE, samples
from blueprint.lab.trial.submit import Refusal, read_object, remove, submit
from blueprint.lab.trial.surroundings import bring_definitions, make_namespace, nodes_in_words, prepare
from blueprint.lint.inputs import Inputs
from blueprint.records import Record
from blueprint.wording import counted, joined

ALWAYS_LEFT_OUT = (
    Omission("kubelet and container runtime", "no image is pulled, no container runs"),
    Omission("device plugins and drivers", "the lab itself says what nodes offer"),
    Omission("network and storage", "nothing carries a packet or keeps data"),
)
CONTROLLER = "system:serviceaccount:kube-system:job-controller"
CONTROLLER_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:kube-system")
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
        runtime_classes: The RuntimeClass of pods of a pool, where it runs them in virtual machines.
        cards: Network cards of each node of a pool, by resource.
        golden: Workloads that the platform has for its users.
        engines: Pools by the engine that queues for them.
    """

    most_nodes: int
    timeout: float
    workloads: Inputs | None = None
    labels: Labels = MappingProxyType({})
    classes: tuple[dict[str, Any], ...] = ()
    class_names: Mapping[tuple[str, str], str] = MappingProxyType({})
    runtime_classes: Mapping[str, str] = MappingProxyType({})
    cards: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    golden: tuple[GoldenWorkload, ...] = ()
    engines: Mapping[str, tuple[str, ...]] = MappingProxyType({})


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
        golden = list(self._golden(options)) if options.workloads is None else []
        workloads = self._workloads(options)
        there = self._submit(workloads, options)
        self._progress(f"waiting for the scheduler: {counted(len(workloads), 'workload')}")
        placements = (*self._decided(workloads, there, options.timeout), *golden)
        findings += self._refused_beside(workloads, there, options)
        if note := simulated_note(self._connection):
            findings.append(note)
        left_out = (*ALWAYS_LEFT_OUT, *_left_out(options, self._bundle), *adapted.left_out)
        return TrialResult(placements, nodes, left_out, tuple(findings))

    def _make_nodes(self, options: TrialOptions) -> dict[str, tuple[int, int]]:
        def number(pool: BundlePool) -> int:
            return node_count(pool, options.most_nodes)

        made = {pool.name: (number(pool), pool.nodes_max) for pool in self._bundle.pools}
        demands = demands_of(self._bundle, options.runtime_classes)
        beside = {name: {**options.cards.get(name, {}), **demands.resources.get(name, {})} for name in made}
        labels = {name: {**options.labels.get(name, {}), **demands.labels.get(name, {})} for name in made}
        self._lab.create_nodes(simulated_nodes(self._bundle, number, labels, beside))
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
        found: list[tuple[Workload, list[Json] | Refusal]] = []
        for obj in filter(is_followed, bundle.objects):
            resource = discovery.find(obj.api_version, obj.id.kind)
            if resource and (root := read_object(resource.path(obj.id.namespace, obj.id.name), self._connection)):
                found.append((Workload(obj), [root]))
        yield from self._judged(found, timeout)

    def _workloads(self, options: TrialOptions) -> Sequence[Workload]:
        if options.workloads is not None:
            return workloads_of(options.workloads)
        make_namespace(self._connection, NAMESPACE)
        return list(samples(self._bundle, options.class_names, options.runtime_classes))

    def _submit(self, workloads: Sequence[Workload], options: TrialOptions) -> Mapping[int, Json | Refusal]:
        given = options.workloads.objects if options.workloads else tuple(each.object for each in workloads)
        return self._created(workloads, [*given, *(obj for each in workloads for obj in each.beside)], options.timeout)

    def _created(
        self, workloads: Sequence[Workload], objects: Sequence[Object], timeout: float
    ) -> Mapping[int, Json | Refusal]:
        """Users create workloads; pods that stand for others are created by whom policies know as a controller."""
        made = [obj for each in workloads if not each.stood_in for obj in each.run]
        stand_ins = [obj for each in workloads if each.stood_in for obj in each.run]
        there = submit((*objects, *made), self._connection, timeout)
        if stand_ins:
            controller = connect(str(self._lab.user(CONTROLLER, CONTROLLER_GROUPS)), timeout=timeout)
            there = {**there, **submit(stand_ins, controller, timeout)}
        return there

    def _decided(
        self, workloads: Sequence[Workload], there: Mapping[int, Json | Refusal], timeout: float
    ) -> Iterator[Placement]:
        yield from self._judged([(each, _roots(each, there)) for each in workloads], timeout)

    def _golden(self, options: TrialOptions) -> Iterator[Placement]:
        """What becomes of the workloads for users, each alone: together they may be more than there is."""
        if not options.golden:
            return
        self._progress(f"trying {counted(len(options.golden), 'workload')} of tenants, one after the other")
        bring_definitions([obj for each in options.golden for obj in each.objects], self._connection, options.timeout)
        for golden in options.golden:
            workloads, beside = golden.as_admitted()
            objects = [*(each.object for each in workloads), *beside]
            there = self._created(workloads, objects, options.timeout)
            yield from self._decided(workloads, there, options.timeout)
            created = [*objects, *(obj for each in workloads for obj in each.run)]
            remove(created, self._connection, options.timeout)

    def _judged(self, found: Sequence[tuple[Workload, list[Json] | Refusal]], timeout: float) -> Iterator[Placement]:
        roots = [root for _, several in found if not isinstance(several, Refusal) for root in several]
        seen = iter(follow(roots, self._connection, timeout))
        pods = self._connection.list("/api/v1/pods")
        nodes = node_states(self._connection.list("/api/v1/nodes"), pods)
        judge = Judge(nodes, self._bundle.pools, ClaimFacts.read(self._connection), timeout)
        for workload, several in found:
            if isinstance(several, Refusal):
                yield judge.refused(workload, several)
            else:
                yield judge.judged(workload, combined([next(seen) for _ in several]))

    def _refused_beside(
        self, workloads: Sequence[Workload], there: Mapping[int, Json | Refusal], options: TrialOptions
    ) -> Iterator[Diagnostic]:
        """Findings about objects beside the workloads."""
        judged = {id(obj) for each in workloads for obj in (each.object, *each.followed)}
        for obj in options.workloads.objects if options.workloads else ():
            if id(obj) not in judged and isinstance(refusal := there[id(obj)], Refusal):
                yield refusal_of(obj, refusal)


def _roots(workload: Workload, there: Mapping[int, Json | Refusal]) -> list[Json] | Refusal:
    """The objects that are followed; why one of them is not there, or the workload itself is not."""
    found: list[Json] = []
    for obj in (workload.object, *workload.followed):
        if isinstance(answer := there[id(obj)], Refusal):
            return answer
        found.append(answer)
    return found[1:]


def _left_out(options: TrialOptions, bundle: Bundle) -> Iterator[Omission]:
    """What drivers and operators would publish, and the lab published itself."""
    if any(pool.published for pool in bundle.pools):
        yield Omission("ResourceSlices", "predicted: no driver has seen a device")
    if options.classes:
        names = [str(each["metadata"]["name"]) for each in options.classes]
        yield Omission(f"DeviceClass {joined(names)}", "an operator brings them; the lab made them itself")
    for engine, pools in options.engines.items():
        yield Omission(f"queues of {engine} for {_pools(pools)}", "queues are not modelled: nothing waits for quota")
    if "KAI" in options.engines:
        yield Omission("KAI's scheduler", "Kubernetes' scheduler stands in for it, and counts no parts of GPUs")
    if needed := demands_of(bundle, options.runtime_classes).names:
        yield Omission(joined(needed), "RuntimeClasses need it of nodes; the lab made it itself")
    if options.labels:
        yield Omission("labels of discovery", "predicted, as far as the platform knows them")


def _pools(names: Sequence[str]) -> str:
    return f"pool{'s' if len(names) > 1 else ''} {joined(list(names))}"
