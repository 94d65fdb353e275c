"""Rules about NodeFeatureRule."""
