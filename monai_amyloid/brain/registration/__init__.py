"""Where the template lies in a scan."""
