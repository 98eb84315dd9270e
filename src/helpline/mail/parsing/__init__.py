"""Bytes to what a mail says: pure, never raises for bad input."""
