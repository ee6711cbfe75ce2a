"""Statements about the code that rules read."""
