"""Many studies of one run: looked at before it, kept while it lasts, and recorded."""
