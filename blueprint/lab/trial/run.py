"""Runs one trial, step by step: nodes, objects, workloads, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.bundle.model import Bundle, BundlePool, Object, ObjectId
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.codes import POOL_SIZE
from blueprint.cluster.health import simulated_nodes as simulated_note
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Diagnostic
from blueprint.lab.access import Lab
from blueprint.lab.devices import publish
from blueprint.lab.nodes import node_count, simulated_nodes
from blueprint.lab.queues.manager import FoundManager, QueueManager
from blueprint.lab.queues.node_requests import as_object, node_requests_of
from blueprint.lab.schedulers.found import FoundScheduler
from blueprint.lab.schedulers.scheduler import RunningScheduler
from blueprint.lab.trial.claims import ClaimFacts
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.lab.trial.follow import NEXT_TRY, combined, follow, is_followed
from blueprint.lab.trial.golden import GoldenWorkload
from blueprint.lab.trial.grouped import STILL, Groups
from blueprint.lab.trial.inputs import workloads_of
from blueprint.lab.trial.judge import Judge, refusal_of
from blueprint.lab.trial.model import Omission, Placement, TrialResult, Workload
from blueprint.lab.trial.node_fit import node_states
from blueprint.lab.trial.queued import Queues, disagreement
from blueprint.lab.trial.requests import requests_of
from blueprint.lab.trial.runtimes import demands_of
from blueprint.lab.trial.samples import NAMESPACE, samples
from blueprint.lab.trial.stand_ins import templates_of
from blueprint.lab.trial.submit import Refusal, read_object, remove, submit
from blueprint.lab.trial.surroundings import bring_definitions, make_namespace, nodes_in_words, prepare
from blueprint.lint.inputs import Inputs
from blueprint.records import Record, replace
from blueprint.wording import counted, joined

ALWAYS_LEFT_OUT = (
    Omission("kubelet and container runtime", "no image is pulled, no container runs"),
    Omission("device plugins and drivers", "the lab itself sets what nodes offer"),
    Omission("network and storage", "no network traffic, no stored data"),
)
CONTROLLER = "system:serviceaccount:kube-system:job-controller"
CONTROLLER_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:kube-system")
Labels = Mapping[str, Mapping[str, str]]
Json = Mapping[str, Any]


class TrialOptions(Record):
    """The options of a trial.

    Attributes:
        most_nodes: The maximum number of nodes of each pool.
        timeout: The timeout in seconds for each wait.
        workloads: What to try; None for a sample of what each pool offers.
        labels: Labels that discovery would set on nodes, by pool.
        classes: DeviceClasses that an operator would create.
        class_names: The drivers' DeviceClasses, by driver and type of device.
        runtime_classes: The RuntimeClass of a pool's pods, if it runs them in virtual machines.
        cards: Network adapters of each node of a pool, by resource.
        golden: Workloads that the platform offers to its users.
        engines: Pools by the engine that queues for them.
        manager: The real queue manager; None to try workloads as if they had been admitted.
        scheduler: The real gang scheduler; None to use the Kubernetes scheduler in its place.
        predicted: Whether `admit` predicts that all pods of a workload are admitted while nothing else runs, if it
            does.
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
    manager: FoundManager | None = None
    scheduler: FoundScheduler | None = None
    predicted: Mapping[ObjectId, bool] = MappingProxyType({})

    @property
    def requested(self) -> frozenset[str]:
        """The resources that the given workloads request; samples are omitted."""
        given = (
            *(self.workloads.objects if self.workloads else ()),
            *(obj for each in self.golden for obj in each.objects),
        )
        return frozenset(name for obj in given for each in templates_of(obj) for name in requests_of(each.spec)) - {
            "pods"
        }


class Trial:
    """A bundle in a lab with simulated pods. `progress` is called for each step."""

    def __init__(self, lab: Lab, connection: Connection, bundle: Bundle, progress: Callable[[str], None]) -> None:
        self._lab = lab
        self._connection = connection
        self._bundle = bundle
        self._progress = progress
        self._queues: Queues | None = None
        self._groups: Groups | None = None

    def run(self, options: TrialOptions) -> TrialResult:
        """Run the trial. Raises ApiError, RequestFailed or HttpError if the lab does not respond, Refused like
        `apply`.
        """
        nodes = self._make_nodes(options)
        manager = QueueManager(self._lab, self._bundle, options.manager, options.requested) if options.manager else None
        bundle = manager.applied_before() if manager else self._bundle
        scheduler = RunningScheduler(self._lab, bundle, options.scheduler) if options.scheduler else None
        groups = (*((manager.program.group,) if manager else ()), *(scheduler.programs.groups if scheduler else ()))
        adapted = prepare(bundle, self._connection, options.timeout, operated=groups)
        findings = list(self._apply(adapted.bundle, options.timeout))
        self._bring_definitions(options)
        with ExitStack() as running:
            if scheduler:
                self._start_scheduler(scheduler, running, options.timeout)
            if manager:
                findings += self._open_queues(manager, running, options.timeout)
            placements, more = self._try(options)
        if note := simulated_note(self._connection):
            more.append(note)
        parts = self._groups.left_out() if self._groups else ()
        left_out = (*ALWAYS_LEFT_OUT, *_left_out(options, self._bundle), *parts, *adapted.left_out)
        return TrialResult(placements, nodes, left_out, (*findings, *more), _ran(options))

    def _start_scheduler(self, scheduler: RunningScheduler, running: ExitStack, timeout: float) -> None:
        """Start the scheduler, which manages pod groups from then on."""
        self._progress(f"starting {scheduler.programs.title}")
        running.enter_context(scheduler.running(timeout))
        self._groups = Groups(scheduler, self._connection)

    def _open_queues(self, manager: QueueManager, running: ExitStack, timeout: float) -> Iterator[Diagnostic]:
        """Start the manager, whose queues the trial uses from then on."""
        self._progress(f"starting {manager.program.title}")
        self._queues = Queues(manager, self._bundle, self._connection)
        self._queues.route()
        running.enter_context(manager.running(timeout))
        yield from self._queues.open(timeout)

    def _try(self, options: TrialOptions) -> tuple[tuple[Placement, ...], list[Diagnostic]]:
        """The results for the workloads, and further findings."""
        golden = list(self._golden(options)) if options.workloads is None else []
        workloads = self._workloads(options)
        given = options.workloads.objects if options.workloads else tuple(each.object for each in workloads)
        objects = [*given, *(obj for each in workloads for obj in each.beside)]
        self._progress(f"waiting for the scheduler: {counted(len(workloads), 'workload')}")
        placements, there = self._tried(workloads, objects, options.timeout)
        findings = list(self._refused_beside(workloads, there, options))
        if self._queues or self._groups:
            placements = list(self._compared(placements, options, alone=len(placements) == 1))
        every = (*placements, *golden)
        return every, [*findings, *(each.disagreement for each in every if each.disagreement)]

    def _make_nodes(self, options: TrialOptions) -> dict[str, tuple[int, int]]:
        def number(pool: BundlePool) -> int:
            """The number of nodes that the trial creates for a pool: at most `most_nodes`."""
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
        """Apply the bundle like `apply`, then wait until the platform's own pods are ready, and report why others are
        not.
        """
        self._progress(f"applying {counted(len(bundle.objects), 'object')}")
        plan = make_plan(bundle, self._connection, try_new=False)
        applied = apply_plan(plan, self._connection, ApplyOptions(timeout)).diagnostics
        yield from (each for each in applied if each.code is not POOL_SIZE)  # the number of nodes is determined here
        self._progress("waiting for simulated readiness")
        for placement in self._own(bundle, timeout):
            if placement.finding and not (placement.workload.object.id.kind == "DaemonSet" and not placement.pods):
                yield placement.finding

    def _own(self, bundle: Bundle, timeout: float) -> Iterator[Placement]:
        """The results for the platform's own workloads, as far as they were written."""
        discovery = discover(self._connection)
        found: list[tuple[Workload, list[Json] | Refusal]] = []
        for obj in filter(is_followed, bundle.objects):
            resource = discovery.find(obj.api_version, obj.id.kind)
            if resource and (root := read_object(resource.path(obj.id.namespace, obj.id.name), self._connection)):
                found.append((Workload(obj), [root]))
        yield from self._judged([(workload, several, None) for workload, several in found], timeout)

    def _workloads(self, options: TrialOptions) -> Sequence[Workload]:
        if options.workloads is not None:
            return workloads_of(options.workloads)
        make_namespace(self._connection, NAMESPACE)
        return list(samples(self._bundle, options.class_names, options.runtime_classes))

    def _created(
        self, workloads: Sequence[Workload], objects: Sequence[Object], timeout: float
    ) -> Mapping[int, Json | Refusal]:
        """Create the objects: workloads as a user, pods that replace others as a user that policies know as a
        controller.
        """
        made = [obj for each in workloads if not each.stood_in for obj in each.run]
        stand_ins = [obj for each in workloads if each.stood_in for obj in each.run]
        there = submit((*objects, *made), self._connection, timeout)
        if stand_ins:
            controller = connect(str(self._lab.user(CONTROLLER, CONTROLLER_GROUPS)), timeout=timeout)
            there = {**there, **submit(stand_ins, controller, timeout)}
        return there

    def _tried(
        self, workloads: Sequence[Workload], objects: Sequence[Object], timeout: float
    ) -> tuple[list[Placement], Mapping[int, Json | Refusal]]:
        """Create workloads and their accompanying objects. Return the results, and the state of each object."""
        engine = self._queues or self._groups
        if engine is None:
            there = self._created(workloads, objects, timeout)
            found = [(each, _roots(each, there), None) for each in workloads]
            return list(self._judged(found, timeout)), there
        submitted, there = engine.submitted(workloads, objects, self._created, timeout)
        return list(self._judged([(each.workload, each.roots, each.decision) for each in submitted], timeout)), there

    def _bring_definitions(self, options: TrialOptions) -> None:
        """Create the CRDs of what will be tried, because a queue manager looks for them when it starts."""
        golden = [obj for each in options.golden for obj in each.objects]
        bring_definitions(golden, self._connection, options.timeout, whole=options.manager is not None)
        if options.manager and (node_requests := node_requests_of(options.manager.program, self._bundle)):
            bring_definitions([as_object(node_requests)], self._connection, options.timeout)

    def _golden(self, options: TrialOptions) -> Iterator[Placement]:
        """The results for the users' workloads, each tried alone: together they may exceed the available resources."""
        if options.golden:
            self._progress(f"trying {counted(len(options.golden), 'workload')} of tenants, one after the other")
        for golden in options.golden:
            workloads, beside = golden.as_written() if self._queues else golden.as_admitted()
            objects = [*(each.object for each in workloads), *beside]
            placements, _ = self._tried(workloads, objects, options.timeout)
            yield from self._compared(placements, options, alone=len(workloads) == 1)
            self._remove([each.workload for each in placements], beside, options.timeout)

    def _compared(self, placements: Sequence[Placement], options: TrialOptions, *, alone: bool) -> Iterator[Placement]:
        """The placements, with differences from `admit`. Workloads that wait because of others are tried again,
        alone.
        """
        tried: dict[Any, QueueDecision | None] = {}
        for each in placements:
            found = self._disagreement(each.workload, each.decision, options)
            if found is None or alone or not (each.decision and each.decision.waits):
                yield replace(each, disagreement=found)
                continue
            if not tried:
                self._remove([one.workload for one in placements], (), options.timeout)
            key = each.shape
            if key not in tried:
                tried[key] = self._alone(each.workload, options.timeout)
            yield each.beside_others(self._disagreement(each.workload, tried[key], options))

    def _disagreement(
        self, workload: Workload, decision: QueueDecision | None, options: TrialOptions
    ) -> Diagnostic | None:
        engine = self._groups if self._groups and self._groups.has(workload) else self._queues
        return disagreement(engine.title, workload, decision, options.predicted) if engine else None

    def _alone(self, workload: Workload, timeout: float) -> QueueDecision | None:
        """The decision about a workload while nothing else runs."""
        [placement], _ = self._tried([workload], [workload.object], timeout)
        self._remove([placement.workload], (), timeout)
        return placement.decision

    def _remove(self, workloads: Sequence[Workload], beside: Sequence[Object], timeout: float) -> None:
        objects = [obj for each in workloads for obj in (each.object, *each.run)]
        remove([*objects, *beside], self._connection, timeout)
        if self._queues:
            self._queues.emptied(timeout)

    def _judged(
        self, found: Sequence[tuple[Workload, Sequence[Json] | Refusal, QueueDecision | None]], timeout: float
    ) -> Iterator[Placement]:
        roots = [
            root
            for _, several, held in found
            if not isinstance(several, Refusal) and not _is_held(held)
            for root in several
        ]
        seen = iter(follow(roots, self._connection, timeout, still=STILL if self._groups else NEXT_TRY))
        pods = self._connection.list("/api/v1/pods")
        nodes = node_states(self._connection.list("/api/v1/nodes"), pods)
        judge = Judge(nodes, self._bundle.pools, ClaimFacts.read(self._connection), timeout)
        for workload, several, decision in found:
            if isinstance(several, Refusal):
                yield judge.refused(workload, several)
            elif decision and _is_held(decision):
                yield judge.waits(workload, decision)
            else:
                placement = judge.judged(workload, combined([next(seen) for _ in several]))
                yield self._with_decision(placement, several, judge)

    def _with_decision(self, placement: Placement, roots: Sequence[Json], judge: Judge) -> Placement:
        """The placement with its queue's current decision. Pods of some kinds are admitted individually, so some may
        wait.
        """
        decision = self._queues.decision(roots) if self._queues else None
        if decision is None and self._groups:
            decision = self._groups.decision(roots)
        if decision and decision.waits:
            return judge.waits(placement.workload, decision, placement.nodes)
        return replace(placement, decision=decision)

    def _refused_beside(
        self, workloads: Sequence[Workload], there: Mapping[int, Json | Refusal], options: TrialOptions
    ) -> Iterator[Diagnostic]:
        """Findings about objects that accompany the workloads."""
        judged = {id(obj) for each in workloads for obj in (each.object, *each.followed)}
        for obj in options.workloads.objects if options.workloads else ():
            if id(obj) not in judged and isinstance(refusal := there[id(obj)], Refusal):
                yield refusal_of(obj, refusal)


def _is_held(decision: QueueDecision | None) -> bool:
    """Whether a queue holds the whole workload, so that it has no pods to observe."""
    return decision is not None and not decision.admitted


def _roots(workload: Workload, there: Mapping[int, Json | Refusal]) -> list[Json] | Refusal:
    """The objects to follow, or why one of them, or the workload itself, does not exist."""
    found: list[Json] = []
    for obj in (workload.object, *workload.followed):
        if isinstance(answer := there[id(obj)], Refusal):
            return answer
        found.append(answer)
    return found[1:]


def _left_out(options: TrialOptions, bundle: Bundle) -> Iterator[Omission]:
    """Objects that drivers and operators would create, and the lab created instead."""
    if any(pool.published for pool in bundle.pools):
        yield Omission("ResourceSlices", "predicted: no driver has seen a device")
    if options.classes:
        names = [str(each["metadata"]["name"]) for each in options.classes]
        yield Omission(f"DeviceClass {joined(names)}", "an operator creates them; here the lab created them")
    yield from _engines_left_out(options)
    if options.manager and (node_requests := node_requests_of(options.manager.program, bundle)):
        yield Omission("the cluster's autoscaler", f"the lab approves every {node_requests.request}")
    if needed := demands_of(bundle, options.runtime_classes).names:
        yield Omission(joined(needed), "RuntimeClasses require it on nodes; the lab created it")
    if options.labels:
        yield Omission("labels of discovery", "predicted, as far as the platform knows them")


def _engines_left_out(options: TrialOptions) -> Iterator[Omission]:
    """Queueing engines that do not run here, or run in another version."""
    for engine, pools in options.engines.items():
        if options.manager and options.manager.program.title == engine:
            if older := options.manager.older:
                yield Omission(f"{engine} {options.manager.rendered}", f"{older} runs here, without newer features")
            continue
        if options.scheduler and options.scheduler.programs.title == engine:
            if options.scheduler.version != options.scheduler.rendered:
                yield Omission(f"{engine} {options.scheduler.rendered}", f"{options.scheduler.in_words} runs here")
            continue
        yield Omission(f"queues of {engine} for {_pools(pools)}", "queues are not modelled: nothing waits for quota")
    if "KAI" in options.engines and options.scheduler is None:
        yield Omission("KAI's scheduler", "the Kubernetes scheduler replaces it, and does not count fractions of GPUs")


def _ran(options: TrialOptions) -> dict[str, str]:
    """The scheduler that ran, with its version."""
    return {options.scheduler.programs.title: options.scheduler.in_words} if options.scheduler else {}


def _pools(names: Sequence[str]) -> str:
    return f"pool{'s' if len(names) > 1 else ''} {joined(list(names))}"
