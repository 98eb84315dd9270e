"""A database of its own for each desk, when the tests run on PostgreSQL."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql


def own_database() -> dict[str, str]:
    """Environment for a desk that shares nothing with another one; empty on SQLite, which lies in the data directory."""
    url = os.environ.get("HELPLINE_DATABASE_URL", "")
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        return {}
    name = f"desk_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {"HELPLINE_DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}
