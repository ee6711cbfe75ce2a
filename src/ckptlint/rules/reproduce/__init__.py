"""Rules of the topic reproduce."""
