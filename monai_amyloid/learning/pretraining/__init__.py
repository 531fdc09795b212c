"""Learning before the grades: from simulated truth, or from scans alone."""
