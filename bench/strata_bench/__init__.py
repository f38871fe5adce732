"""Benchmarks of `pack layer`: what `bench/layers`, `bench/locality` and `bench/report` are made of."""
