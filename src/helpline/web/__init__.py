"""The shell every page sits in."""
