"""What happens around the epochs of a training."""
