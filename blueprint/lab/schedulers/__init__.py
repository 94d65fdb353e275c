"""The real scheduler that a platform's operator installs, as processes beside a lab."""
