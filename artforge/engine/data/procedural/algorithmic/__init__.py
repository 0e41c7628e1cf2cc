"""The algorithmic families: exact, machine-made marks."""
