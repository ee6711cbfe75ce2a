"""Rules of the topic data."""
