"""The size of plan files grows linearly with the input."""

from __future__ import annotations

from pathlib import Path

from blueprint.changes.compare import Action
from blueprint.cluster.plan_model import Plan, Step
from blueprint.cluster.planfile import load_plan, save_plan
from blueprint.pipeline import compile_blueprint
from tests.support.call_counts import counted_calls, is_linear
from tests.support.synthetic_blueprints import with_pools


def test_a_plan_file_is_linear_in_the_number_of_pools(tmp_path: Path) -> None:
    costs = []
    file = tmp_path / "plan.json"
    for count in (48, 48, 96, 192):  # the first run imports and initialises
        bundle = compile_blueprint(str(with_pools(tmp_path, count))).valid_bundle()
        plan = Plan(bundle, "uid", "v1.36.0", None, tuple(Step(obj, Action.CREATE) for obj in bundle.objects))
        saving, _ = counted_calls(lambda plan=plan: save_plan(plan, file))
        loading, loaded = counted_calls(lambda: load_plan(file))
        assert loaded.bundle.pools == bundle.pools
        assert [each.origins for each in loaded.bundle.objects] == [each.origins for each in bundle.objects]
        costs.append((file.stat().st_size, saving, loading))
    assert all(map(is_linear, *costs[1:]))
