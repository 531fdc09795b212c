"""What a network starts from, which of it learns, and what it learns by."""
