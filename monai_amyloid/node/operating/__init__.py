"""What keeps a node running for years: logs, room on the disk, health."""
