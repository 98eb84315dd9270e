"""Helpline: the help desk whose telephone is part of it."""

__version__ = "0.1.0"
