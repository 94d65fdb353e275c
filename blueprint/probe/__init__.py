"""Readings of nodes, expectations, and checks as pure functions. Imports only the standard library (and NVML).

`collect.collect` calls NVML in a child process and returns a `Reading`; `reading_file.read_reading` reads one from a
file. `engine.judge(reading, expectations)` returns one `Verdict` per fact (only those of its pool);
`diagnostics.diagnostics_of(verdicts, reading)` returns what is worth reporting, and `engine.exit_code_of` the exit
code. The same functions run live, on a recorded reading, and inside `drift --readings`.
"""
