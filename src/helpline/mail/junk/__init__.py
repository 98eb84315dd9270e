"""Whether a message is junk: points for facts, each with its reason; no learning, so every verdict explains itself."""
