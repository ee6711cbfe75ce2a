"""Files in, diagnostics out."""
