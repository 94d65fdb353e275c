"""The real queue manager of a platform, as a process next to a lab."""
