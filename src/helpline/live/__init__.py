"""Numbered events to the pages over WebSocket."""
