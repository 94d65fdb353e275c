"""The parts of the HTML report: style sheet, sections, findings, changes."""
