"""The command line: one command group a file; the one place that prints errors."""
