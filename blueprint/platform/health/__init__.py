"""The platform's handling of GPU faults."""
