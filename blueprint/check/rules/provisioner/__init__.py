"""Rules about Provisioner."""
