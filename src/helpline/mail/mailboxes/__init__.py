"""Mailboxes: set up, how each is, alarms, permissions at providers."""
