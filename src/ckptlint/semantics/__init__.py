"""What a file says, lowered once and independent of every other file."""
