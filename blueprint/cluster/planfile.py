"""A plan on disk: what was approved, bound to the state of the cluster for which it was made.

The file contains the objects themselves, so `apply` needs nothing else; and for each object the live object and a hash
of the approved change. Applying it creates a new plan and blocks whatever is no longer what was approved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from blueprint._version import __version__
from blueprint.bundle.model import Bundle, BundlePool, Object, SourcesByKey, Taint, json_digest, noted_sources
from blueprint.bundle.origin_codec import OriginDecoder, OriginEncoder
from blueprint.changes.compare import Action
from blueprint.cluster import codes, findings
from blueprint.cluster.plan_model import LiveVersion, NodeStep, Plan, Step, approval
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.files import write_whole
from blueprint.records import Record, asdict, replace

FORMAT = "gpublueprint.dev/plan.2"


class ApprovedStep(Record):
    """The approved step for one object; `seen` is None for an object that did not exist."""

    seen: LiveVersion | None
    approval: str


class SavedPlan(Record):
    """A saved plan. `approved` is keyed by `Kind/[namespace/]name` with its group."""

    bundle: Bundle
    cluster_uid: str
    approved: Mapping[str, ApprovedStep]


def is_plan_file(target: str) -> bool:
    """Whether TARGET is a saved plan: a JSON file that identifies itself at its beginning."""
    path = Path(target)
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return FORMAT.encode() in file.read(200)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan atomically.

    Raises:
        Refused: the file cannot be written (BP7037, exit code 2).
    """
    encoder = OriginEncoder()
    body = {
        "bundle": _bundle(plan.bundle, encoder),
        "origins": encoder.tables(),
        "cluster": plan.cluster_uid,
        "server": plan.server,
        "approved": {str_id(s): _approved(s.seen, approval(s.change)) for s in plan.steps}
        | {str_id(n): _approved(None, approval(n.change)) for n in plan.nodes},
    }
    head = {"format": FORMAT, "tool": __version__, "checksum": json_digest(body)}
    try:
        write_whole(path, orjson.dumps(head | body, option=orjson.OPT_INDENT_2), mode=0o600)
    except OSError as error:
        raise _bad(f"cannot write {path}: {error.strerror}") from None


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises:
        Refused: it cannot be read, was edited, or has another format (BP7037, exit code 2).
    """
    try:
        saved = orjson.loads(path.read_bytes())
        if saved["format"] != FORMAT:
            raise _bad(f"{path} has the plan format {saved['format']!r}, but this version reads {FORMAT}")
        body = {key: saved[key] for key in ("bundle", "origins", "cluster", "server", "approved")}
        if saved["checksum"] != json_digest(body):
            raise _bad(f"{path} was changed after it was saved")
        approved = {
            key: ApprovedStep(LiveVersion(**value["seen"]) if value["seen"] else None, value["approval"])
            for key, value in body["approved"].items()
        }
        return SavedPlan(_read_bundle(body["bundle"], body["origins"]), str(body["cluster"]), approved)
    except OSError as error:
        raise _bad(f"cannot read {path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _bad(f"{path} is not a plan: {type(error).__name__}: {error}") from None


def hold_back(saved: SavedPlan, now: Plan) -> Plan:
    """The new plan, with every object blocked whose step differs from what was approved.

    Raises:
        Refused: it is another cluster (BP7011, exit code 2).
    """
    if saved.cluster_uid != now.cluster_uid:
        text = f"the plan is for cluster {saved.cluster_uid or '(unknown)'}, but this cluster is {now.cluster_uid}"
        raise Refused(Diagnostic(codes.WRONG_CLUSTER, text), exit_code=2)
    late: list[Diagnostic] = []
    steps = tuple(_held(step, saved, late) for step in now.steps)
    nodes = tuple(_held_node(step, saved, late) for step in now.nodes)
    return replace(now, steps=steps, nodes=nodes, diagnostics=(*now.diagnostics, *late))


def str_id(step: Step | NodeStep) -> str:
    """A unique name for an object."""
    return f"{step.id.group}:{step.id}"


def _held(step: Step, saved: SavedPlan, late: list[Diagnostic]) -> Step:
    if step.action is Action.UNCHANGED or (step.blocked and not step.replaceable):
        return step
    then = saved.approved.get(str_id(step))
    if then and then.approval == approval(step.change) and _same(then.seen, step.seen):
        return step
    late.append(_stale(step))
    return replace(step, blocked=True, replaceable=False)


def _held_node(step: NodeStep, saved: SavedPlan, late: list[Diagnostic]) -> NodeStep:
    if step.action is Action.UNCHANGED or step.blocked:
        return step
    then = saved.approved.get(str_id(step))
    if then and then.approval == approval(step.change):
        return step
    late.append(_stale(step))
    return replace(step, blocked=True)


def _same(then: LiveVersion | None, now: LiveVersion | None) -> bool:
    if then is None or now is None:
        return then is now
    return (then.uid, then.content) == (now.uid, now.content)


def _stale(step: Step | NodeStep) -> Diagnostic:
    text = f"{step.id} was not written, because the change would now differ from the plan"
    return findings.plain(codes.STALE_PLAN, step.id, text, "run `plan` again, and review it")


def _approved(seen: LiveVersion | None, approved: str) -> dict[str, Any]:
    return {"seen": asdict(seen) if seen else None, "approval": approved}


def _bundle(bundle: Bundle, encoder: OriginEncoder) -> dict[str, Any]:
    objects = [{"component": o.component, "data": o.data, "origins": encoder.places(o)} for o in bundle.objects]
    plain = ("name", "version", "release", "kubernetes", "distribution", "cluster_uid", "node_labels", "digest")
    pools = [_pool(pool, encoder) for pool in bundle.pools]
    return {key: getattr(bundle, key) for key in plain} | {"objects": objects, "pools": pools}


def _pool(pool: BundlePool, encoder: OriginEncoder) -> dict[str, Any]:
    plain = ("name", "nodes_min", "nodes_max", "gpu_product", "gpu_count")
    body = {key: getattr(pool, key) for key in plain}
    taints = [asdict(taint) for taint in pool.taints]
    maps = {key: dict(getattr(pool, key)) for key in ("selector", "labels", "resources")}
    maps["sources"] = encoder.numbers(noted_sources(pool.sources))
    place = {"machine": dict(pool.machine), "topology": dict(pool.topology)}
    return body | maps | place | {"taints": taints}


def _read_bundle(body: Mapping[str, Any], tables: Mapping[str, Sequence[Any]]) -> Bundle:
    decoder = OriginDecoder(partial(_row, tables))
    objects = tuple(_read_object(each, decoder) for each in body["objects"])
    pools = tuple(_read_pool(pool, decoder) for pool in body["pools"])
    return Bundle(**(dict(body) | {"objects": objects, "pools": pools, "expectations": ()}))


def _row(tables: Mapping[str, Sequence[Any]], table: str, number: int) -> Any:
    if number < 0:
        raise IndexError(number)
    return tables[table][number]


def _read_object(body: Mapping[str, Any], decoder: OriginDecoder) -> Object:
    return Object(body["data"], body["component"], decoder.origins(body["origins"], body["data"]))


def _read_pool(pool: Mapping[str, Any], decoder: OriginDecoder) -> BundlePool:
    taints = tuple(Taint(**taint) for taint in pool["taints"])
    sources = SourcesByKey({key: decoder.set(number) for key, number in pool["sources"].items()})
    return BundlePool(**(dict(pool) | {"taints": taints, "sources": sources}))


def _bad(text: str) -> Refused:
    return Refused(Diagnostic(codes.BAD_PLAN, text), exit_code=2)
