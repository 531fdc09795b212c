"""Networks that learn the grades of a cohort, and what they say of scans they never saw."""
