"""Turning bytes into trees, and places in trees into rows and columns."""
