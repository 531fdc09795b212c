"""How near simulated scans and readers come to real ones."""
