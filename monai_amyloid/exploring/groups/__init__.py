"""Scans that are alike: clusters, patterns and their mean maps."""
