"""The public form a mailbox shows to everybody."""
