"""Report formats: one module each, named as `--report` names it, with `tell(run, context) -> str`."""
