"""Numba loops. Importing a module of this package imports numba: do it on demand only."""
