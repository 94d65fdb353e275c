"""Rules about objects of every kind."""
