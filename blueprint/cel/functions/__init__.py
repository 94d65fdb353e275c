"""What Kubernetes adds to CEL, in plain Python: nothing here knows the library that calls it."""
