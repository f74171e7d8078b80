"""The engine, floor by floor: kernels, distributions, records, history, study; single files are the ground beneath."""
