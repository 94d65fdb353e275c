"""Rules about PyTorchJob."""
