"""Rules about TrainJob."""
