"""One module per verb: `HELP`, `configure(parser)`, `run(options)`. The name of the file is the verb."""
