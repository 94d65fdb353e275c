"""The parts of the HTML report: what its templates show, the templates, the style sheet."""
