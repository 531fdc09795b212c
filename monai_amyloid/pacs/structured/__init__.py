"""Structured reports: what was measured, as coded content."""
