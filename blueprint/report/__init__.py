"""Reports: one run, many formats that agree. `tell` is the entry; formats are found by file name."""

from blueprint.report.model import Coverage, Run
from blueprint.report.output import destinations, format_names, tell

__all__ = ["Coverage", "Run", "destinations", "format_names", "tell"]
