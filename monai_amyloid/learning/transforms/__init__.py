"""From a prepared scan to what a network takes, and what is varied in training."""
