"""What a PET image is stored in, one format a file."""
