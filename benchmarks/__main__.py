"""``python -m parzen.benchmarks``: ``parzen bench`` by another name."""

from parzen.benchmarks.command import main

if __name__ == "__main__":
    raise SystemExit(main())
