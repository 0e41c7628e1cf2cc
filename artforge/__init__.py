"""artforge: art from what a neural network sees."""

__version__ = "0.1.0"
