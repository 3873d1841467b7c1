"""The parts of `scripts/benchmark.py`: what each measures stands in its own module."""
