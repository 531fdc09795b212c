"""What a finished bundle does on scans that nothing of it was learned from."""
