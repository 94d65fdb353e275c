"""`blueprint lab run`: tries a platform in a lab, with workloads that request what it offers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_overlays, add_report, add_timeout
from blueprint.cli.targets import NOT_GIVEN, blueprint_target
from blueprint.cli.waiving import add_waivers

if TYPE_CHECKING:
    from blueprint.bundle.model import Bundle, Object, ObjectId
    from blueprint.lab import Lab
    from blueprint.lab.trial import GoldenWorkload, TrialOptions
    from blueprint.lint.inputs import Inputs
    from blueprint.pipeline import Compilation
    from blueprint.platform.model import Platform
    from blueprint.report.model import Run

MOST_NODES = 16
_SHARED_CARDS = 63
Progress = Callable[[str], None]


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add BLUEPRINT, what to try, and the scope."""
    parser.add_argument(
        "target",
        metavar="BLUEPRINT",
        nargs="?",
        default=NOT_GIVEN,
        type=blueprint_target,
        help="a blueprint or its folder (blueprint.yaml)",
    )
    parser.add_argument(
        "--workloads", metavar="DIR", help="manifests to try, instead of a sample of what each pool offers"
    )
    parser.add_argument(
        "--nodes",
        metavar="N",
        type=_positive,
        default=MOST_NODES,
        help=f"simulate at most this many nodes of each pool ({MOST_NODES})",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--name", help="use this lab, started with --controllers, and keep everything that the trial creates"
    )
    which.add_argument(
        "--kueue",
        action="store_true",
        help="run the real Kueue: show what it admits, what waits and why, and whether admit agrees",
    )
    parser.add_argument(
        "--kai",
        metavar="DIR",
        type=lambda folder: Path(folder).absolute(),
        help="run the real KAI from the programs in this folder, instead of the Kubernetes scheduler",
    )
    add_timeout(parser, "timeout for one condition or decision")
    add_overlays(parser)
    add_waivers(parser)
    add_report(parser)


def run_trial(options: argparse.Namespace, progress: Progress) -> Run:
    """Compile, start or find a lab, try, report. A temporary lab is always removed at the end."""
    from blueprint.apiserver.connect import connect, refused
    from blueprint.apiserver.errors import ApiError
    from blueprint.cli.options import compile_target
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.lab import codes
    from blueprint.lab.trial import Trial, trial_run
    from blueprint.lab.trial.inputs import read_workloads

    if options.kai is not None and options.name is not None:
        text = "--kai starts its own lab: omit --name"
        raise Refused(Diagnostic(codes.NO_QUEUES, text), exit_code=2)
    progress_line: Progress = _silent if options.quiet else progress
    workloads = read_workloads(Path(options.workloads)) if options.workloads is not None else None
    compilation = compile_target(options)
    bundle = compilation.valid_bundle()
    how = _options(options, compilation, bundle, workloads)
    with _lab(options, progress_line) as lab, _failing_plainly():
        connection = connect(str(lab.kubeconfig), timeout=options.timeout)
        try:
            result = Trial(lab, connection, bundle, progress_line).run(how)
        except ApiError as error:
            raise refused(error, connection) from None
        texts = workloads.texts if workloads else {}
        return trial_run(bundle, result, connection.version, texts)


def _options(
    options: argparse.Namespace, compilation: Compilation, bundle: Bundle, workloads: Inputs | None
) -> TrialOptions:
    from blueprint.lab.devices import classes_by_sort, operators_classes
    from blueprint.lab.discovery import discovered_by_pool
    from blueprint.lab.queues.manager import find_manager
    from blueprint.lab.schedulers.found import find_scheduler
    from blueprint.lab.trial import TrialOptions

    platform = compilation.platform
    golden = _golden(platform) if platform and workloads is None else ()
    tried = workloads.objects if workloads else [obj for each in golden for obj in each.objects]
    return TrialOptions(
        most_nodes=options.nodes,
        timeout=options.timeout,
        workloads=workloads,
        labels=discovered_by_pool(platform, bundle),
        classes=tuple(operators_classes(platform, bundle)) if platform else (),
        class_names=classes_by_sort(platform) if platform else {},
        runtime_classes={pool.name: pool.kata.runtime_classes[0] for pool in platform.pools if pool.kata}
        if platform
        else {},
        cards=_cards(platform) if platform else {},
        golden=golden,
        engines=_engines(platform) if platform else {},
        manager=find_manager(bundle, options.assets) if options.kueue else None,
        scheduler=find_scheduler(bundle, options.kai) if options.kai is not None else None,
        predicted=_predicted(platform, bundle, tried) if platform and (options.kueue or options.kai) else {},
    )


def _golden(platform: Platform) -> tuple[GoldenWorkload, ...]:
    """The workloads in the tenants' `workloads/`, one of each shape."""
    from blueprint.lab.trial import GoldenWorkload, one_of_each
    from blueprint.render.workloads import render_workloads

    return one_of_each(
        {
            each.name: GoldenWorkload(each.objects, () if each.sample.tolerations else each.sample.pool.taints)
            for each in render_workloads(platform)
        }
    )


def _predicted(platform: Platform, bundle: Bundle, objects: Iterable[Object]) -> dict[ObjectId, bool]:
    """Whether `admit` predicts that all pods of each workload are admitted while nothing else runs, if its queue
    decides this.
    """
    from blueprint.admission.findings import by_workload
    from blueprint.admission.workloads import Admission
    from blueprint.rule_facts.resolved import ResolvedFacts

    results = list(Admission(platform, ResolvedFacts(platform), bundle.objects).results(list(objects)))
    found = {
        sets[-1].subject.id: [
            each.started_at_once if each.admitted_at_once is None else each.admitted_at_once for each in sets
        ]
        for sets in by_workload(results)
    }
    return {name: all(each) for name, each in found.items() if None not in each}


def _cards(platform: Platform) -> dict[str, dict[str, int]]:
    """The resources that network device plugins offer on each node; shared adapters count as often as many pods request
    them.
    """
    networks = {pool.name: pool.network for pool in platform.pools}
    return {
        name: {network.resource: _SHARED_CARDS if network.shared else network.nics or 1}
        for name, network in networks.items()
        if network and network.resource
    }


def _engines(platform: Platform) -> dict[str, tuple[str, ...]]:
    """Pools by the display name of the engine that queues for them."""
    from blueprint.platform.queueing.engines import KAI, KUEUE, pools_of

    names = {KUEUE: "Kueue", KAI: "KAI"}
    found = {name: tuple(pool.name for pool in pools_of(engine, platform)) for engine, name in names.items()}
    return {name: pools for name, pools in found.items() if pools}


@contextmanager
def _lab(options: argparse.Namespace, progress: Progress) -> Iterator[Lab]:
    """The lab that is specified, which stays; or a temporary one."""
    from blueprint.lab import Lab
    from blueprint.lab.components import STOOD_IN
    from blueprint.lab.folder import default_root, lab_folder
    from blueprint.lab.up import running_lab

    if options.name is not None:
        yield running_lab(lab_folder(options.state or default_root(), options.name), options.name)
        return
    progress("starting a temporary lab")
    stood_in = () if options.kai is not None else STOOD_IN
    with Lab.open(assets=options.assets, live=True, name="trial", stood_in=stood_in) as lab:
        yield lab


@contextmanager
def _failing_plainly() -> Iterator[None]:
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.http import HttpError
    from blueprint.lab import RequestFailed, codes

    try:
        yield
    except (RequestFailed, HttpError) as failed:
        raise Refused(Diagnostic(codes.REQUEST_FAILED, f"the lab failed: {failed}"), exit_code=2) from failed


def _positive(text: str) -> int:
    if not text.isdecimal() or not (number := int(text)):
        raise argparse.ArgumentTypeError(f"{text} is not a number of nodes; write 1 or more")
    return number


def _silent(_line: object) -> None:
    """The listener for --quiet."""
