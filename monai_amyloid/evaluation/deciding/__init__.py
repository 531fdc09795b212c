"""From probabilities to what stands: calibrated, a set of grades, with a reader or without."""
