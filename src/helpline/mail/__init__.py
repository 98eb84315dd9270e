"""The room of mail: every message in, none lost, answered well."""
