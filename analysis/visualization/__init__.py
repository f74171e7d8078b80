"""Plots: one file each, which computes a `Picture`, arrays ready to be drawn, and one file for each who draws it."""
