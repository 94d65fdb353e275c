"""Rules about EC2NodeClass."""
