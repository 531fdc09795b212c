"""What a reader gets: the result and its pictures."""
