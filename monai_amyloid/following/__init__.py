"""Visits of one person: what changed between scans, and how sure that is."""
