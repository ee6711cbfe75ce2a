"""Keeps pytest out of the example projects, which may hold files named like tests."""

collect_ignore = ["fixtures"]
