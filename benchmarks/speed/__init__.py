"""Times: each program states its cases, and `timing` runs the sides of each in turn, warm or cold, for the ratio."""
