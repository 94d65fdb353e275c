"""How the platform wants faults of GPUs handled."""
