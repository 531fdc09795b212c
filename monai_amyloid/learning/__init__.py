"""From a hospital's table of scans to a validated classifier."""
