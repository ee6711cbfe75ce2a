"""Rules about what is loaded."""
