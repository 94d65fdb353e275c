"""Settings with which Argo CD or Flux deliver a bundle: order, health checks and expected differences, from the facts
about kinds.
"""
