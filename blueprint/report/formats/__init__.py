"""Report formats: one module each, named as in `--report`, with `render(run, context) -> str`."""
