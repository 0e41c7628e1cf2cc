"""The kinds of files that works are written as, and the words that each of them carries."""
