"""Report formats: one module each, named as `--report` names it, with `render(run, context) -> str`."""
