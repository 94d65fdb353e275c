"""The real manager of a platform's queues, as a process beside a lab."""
