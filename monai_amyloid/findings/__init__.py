"""What can be said of a study: findings with their codes, the bounds that lead to them, texts."""
