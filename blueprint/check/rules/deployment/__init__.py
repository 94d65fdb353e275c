"""Rules about Deployment."""
