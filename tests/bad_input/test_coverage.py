"""The lists of what goes wrong in an area, in `coverage`: each line is kept from happening as it says.

`row`: a row of `mistakes`. `code`: a code or rule of its own. `impossible`: why no blueprint can express it.
`undecidable`: why no blueprint shows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.diagnostics import find_code

HERE = Path(__file__).parent
LINES: dict[str, dict[str, Any]] = {
    f"{file.stem}: {name}": line
    for file in sorted((HERE / "coverage").glob("*.yaml"))
    for name, line in yaml.safe_load(file.read_text("utf-8")).items()
}
ROWS = {name for file in (HERE / "mistakes").glob("*.yaml") for name in yaml.safe_load(file.read_text("utf-8"))}


@pytest.mark.parametrize("name", LINES)
def test_each_line_is_kept_from_happening_as_it_says(name: str) -> None:
    [(how, what)] = LINES[name].items()
    assert how in ("row", "code", "impossible", "undecidable")
    if how == "row":
        assert what in ROWS
    elif how == "code":
        assert find_code(what)
    else:
        assert len(what.split()) > 2
