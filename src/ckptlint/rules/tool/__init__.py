"""Rules about what the tool itself could not do or was told in vain."""
