"""The real scheduler that a platform's operator installs, as processes next to a lab."""
