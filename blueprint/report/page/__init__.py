"""The parts of the HTML report: the data for its templates, the templates, the style sheet."""
