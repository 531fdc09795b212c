"""One file a version of the tables, each with the one before it."""
