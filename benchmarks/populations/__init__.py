"""Population based training against successive halving, at equal epochs: `python -m parzen.benchmarks.populations`."""
