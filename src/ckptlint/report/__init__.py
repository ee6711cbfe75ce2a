"""How diagnostics are printed."""
