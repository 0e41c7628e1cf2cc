"""Architectures, the Model handle, loading and saving, shipped weights."""
