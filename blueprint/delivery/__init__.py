"""What Argo CD or Flux need to deliver a bundle: order, health, and what is no drift, from the facts of kinds."""
