"""Objects that the GPU Operator creates, and whose changes it resets."""

from __future__ import annotations

from blueprint.diagnostics import define

MADE_BY_THE_OPERATOR = define("BP6140", "made-by-the-operator", page=__file__)
