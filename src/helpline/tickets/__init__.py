"""Tickets and the items of their thread, incidents and promises."""
