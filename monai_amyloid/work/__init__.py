"""Many things at once."""
