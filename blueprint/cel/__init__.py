"""The Common Expression Language (CEL) with the functions of Kubernetes. Only `engine` imports the library."""
