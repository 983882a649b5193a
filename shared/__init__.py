"""What is true, wherever it runs: no Flask here, and nothing here imports `functions`."""
