"""Many studies at a glance."""
