"""Readings of nodes, expectations, and checks as pure functions. A leaf: the standard library (and NVML).

`collect.collect` asks NVML in a child process and gives a `Reading`; `reading_file.read_reading` takes one from a file.
`engine.judge(reading, expectations)` gives one `Verdict` per fact (only those of its pool);
`diagnostics.diagnostics_of(verdicts, reading)` gives what is worth reporting, and `engine.exit_code_of` the exit code.
The same functions run live, on a recorded reading, and inside `drift --readings`.
"""
