"""Rules about AWSNodeTemplate."""
