"""The engine: a ground floor of values and columns, numeric kernels, and an upper floor that composes them."""
