"""What is computed from trials, such as how good a front is. It reads studies, and writes attributes at most."""
