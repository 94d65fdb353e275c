"""The functions that Kubernetes adds to CEL, in plain Python, independent of the library that calls them."""
