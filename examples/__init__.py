"""Runnable examples, from a ten-line ask/tell loop to ``parzen demo``, which tunes a real network on real data."""
