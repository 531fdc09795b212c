"""What a header says of its image, in whatever words."""
