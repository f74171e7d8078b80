"""Training on a device: many networks at once, and what of the time the device waits for sampler and store."""
