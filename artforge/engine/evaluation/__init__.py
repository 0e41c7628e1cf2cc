"""How good a classifier is, and how far its word can be trusted: scores, calibration, intervals, charts, mistakes."""
