"""Components that the Operator Lifecycle Manager installs."""
