"""Rules about LimitRange."""
