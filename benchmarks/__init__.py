"""Speed and quality, measured: `python -m benchmarks [NAME ...]` prints a table each and writes JSON."""
