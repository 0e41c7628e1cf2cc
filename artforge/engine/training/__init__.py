"""Fitting, metrics, history, curves, resuming."""
