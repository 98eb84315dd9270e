"""Ways out: a mail server, a provider's interface, a folder. Each takes an envelope and says what became of it."""
