"""Search of tickets, behind one door whatever the database: see docs/search.md."""
