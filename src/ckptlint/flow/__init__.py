"""Forward analysis over lowered code."""
