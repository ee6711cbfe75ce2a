"""Rules of the topic resume."""
