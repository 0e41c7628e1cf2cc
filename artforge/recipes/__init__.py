"""From YAML to a checked plan to rendered works: the recipe language, its cache and its provenance."""
