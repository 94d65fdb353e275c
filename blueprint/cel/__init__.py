"""The Common Expression Language (CEL) with the functions of Kubernetes; `engine` alone knows the library."""
