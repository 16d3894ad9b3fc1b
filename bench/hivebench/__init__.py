"""What the benchmarks share: both servers as processes, the data they are given, and how figures are shown."""
