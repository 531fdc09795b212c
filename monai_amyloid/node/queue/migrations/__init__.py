"""How alembic brings the tables of an earlier version up to date."""
