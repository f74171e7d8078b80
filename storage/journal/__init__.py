"""Studies in an append-only log."""
