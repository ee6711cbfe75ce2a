"""Rules about state that a model's state dict does not hold."""
