"""The classification and attention engine: a library of its own, knows nothing of recipes, galleries or the CLI."""
