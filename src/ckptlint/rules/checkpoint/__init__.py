"""Rules about what is saved."""
