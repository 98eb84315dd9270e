"""Calls, legs and recordings over ARI."""
