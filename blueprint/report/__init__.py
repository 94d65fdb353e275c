"""Reports: one run in several consistent formats. The entry point is `write_reports`; formats are found by file
name.
"""

from blueprint.report.model import Coverage, Run
from blueprint.report.output import destinations, format_names, write_reports

__all__ = ["Coverage", "Run", "destinations", "format_names", "write_reports"]
