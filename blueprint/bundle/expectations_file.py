"""`expectations.json`: what probes check on the nodes, with its own sources, because nodes get this file alone."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import orjson

from blueprint.bundle.origin_codec import Rename
from blueprint.probe.expectations import SCHEMA, Expectation, ExpectationSource


def expectations_file(expectations: Iterable[Expectation], rename: Rename = str) -> bytes:
    """The file, with one expectation per line: a diff shows what changed, and a thousand pools need little memory.

    `rename` returns the name of a source file in the bundle. `probe.reading_file` reads the file.
    """

    def source(each: ExpectationSource) -> dict[str, Any]:
        """The JSON form, with the file's name in the bundle."""
        return {**each.to_json(), "file": rename(each.file)}

    out = BytesIO()  # What orjson returns occupies several times its size, so no list of lines.
    out.write(b'{"schemaVersion":%b,"expectations":[' % orjson.dumps(SCHEMA))
    separator = b"\n"
    for each in expectations:
        out.write(separator + orjson.dumps(each.to_json(source), option=orjson.OPT_SORT_KEYS))
        separator = b",\n"
    out.write(b"\n]}\n")
    return out.getvalue()
