"""The configuration of an Asterisk 22 that serves the desk: pure functions from settings and rows to files."""
