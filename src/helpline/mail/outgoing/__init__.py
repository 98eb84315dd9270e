"""Letters that go out: queued, sent exactly once, their fate kept."""
