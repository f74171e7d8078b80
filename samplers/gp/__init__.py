"""A Gaussian process in NumPy: read `proposer` first."""
