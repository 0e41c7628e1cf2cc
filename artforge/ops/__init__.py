"""Pure functions on arrays, each a recipe step: one idea a file."""
