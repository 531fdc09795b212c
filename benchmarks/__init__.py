"""Measured claims: each script measures one, prints it and writes its figures into one table."""
