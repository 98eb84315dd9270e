"""Whether our addresses work: what DNS says of them, and whether a real message goes out and comes back."""
