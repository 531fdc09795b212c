"""Who was scanned: the cohort table, its prepared scans, its folds."""
