"""What Argo CD or Flux need to deliver a bundle: order, health, and expected differences, from the facts about
kinds.
"""
