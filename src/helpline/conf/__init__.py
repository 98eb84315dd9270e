"""Settings, urls, processes: wires the rooms together."""
