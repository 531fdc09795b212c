"""The continuum of a cohort, without its grades: where each scan lies, and beside whom."""
