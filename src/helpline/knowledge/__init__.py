"""Articles an agent solves by."""
