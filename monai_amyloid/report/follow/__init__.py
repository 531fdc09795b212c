"""The report of one person's visits."""
