"""Run a disposable control plane on this machine, with the blueprint's nodes as objects.

`install` builds the binaries once. `up` starts a lab and prints only the path of its kubeconfig to stdout; the lab runs
until `down`. `run` tries a blueprint in a separate lab: it creates the nodes, applies the objects, submits workloads
(samples of what the pools offer, or yours), and reports which were scheduled, and why others were not. Exit code 1: a
workload that should be scheduled was not; 3: not decided in time. `status` shows what is running, where the binaries
come from, and what is simulated.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.options import add_report
from blueprint.cli.trials import add_run, run_trial
from blueprint.records import replace
from blueprint.wording import counted

if TYPE_CHECKING:
    from blueprint.bundle.model import Bundle
    from blueprint.lab import Lab
    from blueprint.platform.model import Platform
    from blueprint.report.model import Run

HELP = "start, stop and list throw-away control planes"
GROUP = "cluster"
STEP = 6
EXAMPLES = (
    "blueprint lab install",
    "export KUBECONFIG=$(blueprint lab up blueprint.yaml)",
    "blueprint lab run --workloads jobs/",
    "blueprint lab down",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its flags."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    install = actions.add_parser("install", help="build etcd and kube-apiserver from pinned Go modules")
    install.add_argument("--with-kubectl", action="store_true", help="also build kubectl")
    install.add_argument(
        "--with-controllers", action="store_true", help="also build scheduler, controller manager and KWOK"
    )
    install.add_argument(
        "--with-kueue", action="store_true", help="also build Kueue's manager (ten minutes on two cores)"
    )
    install.set_defaults(action=_install)

    up = actions.add_parser("up", help="start a lab and print its kubeconfig's path")
    up.add_argument(
        "target",
        metavar="BLUEPRINT",
        nargs="?",
        help="a blueprint or a bundle's folder; the nodes of its pools are created",
    )
    up.add_argument(
        "--controllers",
        action="store_true",
        help="also schedule pods, run controllers, and simulate the life of nodes and pods",
    )
    _add_name(up, "default")
    _add_places(up)
    up.set_defaults(action=_up, overlay=[], set=[], prints=True)

    trial = actions.add_parser("run", help="try a blueprint: its nodes, its objects, and workloads on them")
    add_run(trial)
    _add_places(trial)
    trial.set_defaults(action=_run)

    down = actions.add_parser("down", help="stop a lab and remove every trace of it")
    which = down.add_mutually_exclusive_group()
    _add_name(which, "default")
    which.add_argument("--all", action="store_true", help="stop all labs under --state")
    _add_state(down)
    down.set_defaults(action=_down)

    status = actions.add_parser("status", help="show which labs run, where binaries come from, and what is simulated")
    _add_places(status)
    add_report(status)
    status.set_defaults(action=_status)


def run(options: argparse.Namespace) -> Run | int:
    """Run the action."""
    if sys.platform != "linux":
        from blueprint.diagnostics import Diagnostic, Refused
        from blueprint.lab import codes

        raise Refused(Diagnostic(codes.NOT_LINUX, f"the lab needs Linux, but this is {sys.platform}"), exit_code=2)
    outcome: Run | int = options.action(options)
    return outcome


def _install(options: argparse.Namespace) -> int:
    from blueprint.lab.install import install
    from blueprint.lab.pins import CONTROLLERS, LIVE, QUEUES, REQUIRED

    wanted = [*REQUIRED, *(["kubectl"] if options.with_kubectl else [])]
    wanted += [*CONTROLLERS, *LIVE] if options.with_controllers else []
    install([*wanted, *(QUEUES if options.with_kueue else [])], progress=_progress)
    return 0


def _up(options: argparse.Namespace) -> int:
    """Start a lab. It is stopped again if anything fails before its kubeconfig is printed."""
    from blueprint.cli.options import compile_target, load_bundle
    from blueprint.lab.access import order_lab
    from blueprint.lab.folder import Phase, default_root, lab_folder
    from blueprint.lab.up import bring_up

    compilation = None if not options.target or Path(options.target).is_dir() else compile_target(options)
    bundle = compilation.valid_bundle() if compilation else load_bundle(options) if options.target else None
    folder = lab_folder(options.state or default_root(), options.name)
    order = order_lab(folder, options.name, assets=options.assets, live=options.controllers)
    started = time.monotonic()
    _progress(f"lab {options.name}: starting etcd and kube-apiserver")
    with bring_up(order, Phase.DETACHED) as lab:
        _progress(f"lab {options.name}: up after {time.monotonic() - started:.0f} s")
        if bundle:
            _create_nodes(lab, bundle, compilation.platform if compilation else None)
        sys.stdout.write(f"{lab.kubeconfig}\n")
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        lab.hand_over()
    return 0


def _create_nodes(lab: Lab, bundle: Bundle, platform: Platform | None) -> None:
    """Create the nodes; if pods can run, also with the labels that discovery and drivers would set."""
    from blueprint.diagnostics import Diagnostic, Refused
    from blueprint.http import HttpError
    from blueprint.lab import RequestFailed, codes
    from blueprint.lab.devices import operators_classes, publish
    from blueprint.lab.discovery import discovered_by_pool
    from blueprint.lab.nodes import fewest_nodes, simulated_nodes

    live = lab.record.live
    labels = discovered_by_pool(platform, bundle) if live else {}
    try:
        made = lab.create_nodes(simulated_nodes(bundle, discovered=labels))
        _progress(f"{counted(made, 'simulated node')} created from {bundle.name}")
        if live and any(pool.published for pool in bundle.pools):
            slices = publish(lab, bundle, fewest_nodes, operators_classes(platform, bundle) if platform else ())
            _progress(f"{counted(slices, 'simulated ResourceSlice')} created")
    except (RequestFailed, HttpError) as failed:
        found = Diagnostic(codes.REQUEST_FAILED, f"nodes cannot be created: {failed}")
        raise Refused(found, exit_code=2) from failed


def _run(options: argparse.Namespace) -> Run:
    return run_trial(options, _progress)


def _down(options: argparse.Namespace) -> int:
    from blueprint.lab.folder import default_root, lab_folder, labs_under
    from blueprint.lab.launch import take_down

    root = options.state or default_root()
    folders = labs_under(root) if options.all else [lab_folder(root, options.name)]
    for folder in folders:
        _progress(f"lab {folder.name}: {'down' if take_down(folder) else 'there was none'}")
    return 0


def _status(options: argparse.Namespace) -> Run:
    from blueprint.lab.folder import default_root
    from blueprint.lab.status import status
    from blueprint.report.escaping import visible

    found = status(options.state or default_root(), options.assets)
    if options.report and "text" not in options.report:
        return found
    widest = max(map(len, found.subject))
    lines = [found.title, *(f"  {key:{widest}}  {visible(value)}" for key, value in found.subject.items()), "", ""]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
    return replace(found, title="")


def _add_name(parser: argparse._ActionsContainer, default: str) -> None:
    parser.add_argument("--name", default=default, help=f"name of the lab ({default})")


def _add_state(parser: argparse._ActionsContainer) -> None:
    help_ = "folder of all labs (default: ~/.local/state/gpu-platform-blueprint/labs)"
    parser.add_argument("--state", metavar="DIR", type=_absolute, help=help_)


def _add_places(parser: argparse._ActionsContainer) -> None:
    help_ = "folder with the binaries (default: $KUBEBUILDER_ASSETS, the cache, PATH)"
    parser.add_argument("--assets", metavar="DIR", type=_absolute, help=help_)
    _add_state(parser)


def _absolute(folder: str) -> Path:
    return Path(folder).absolute()


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
