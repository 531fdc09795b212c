"""The continuum of a cohort, without its grades: where each scan lies, and which are near it."""
