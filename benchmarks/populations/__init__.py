"""Population based training against successive halving at equal epochs: `race` runs it and reports."""
