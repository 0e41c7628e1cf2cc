"""Dataset readers, the embedded procedural set, splits."""
