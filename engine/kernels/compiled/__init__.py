"""Kernels as Numba loops, for larger studies. Importing one loads Numba: do it in the function that needs it."""
