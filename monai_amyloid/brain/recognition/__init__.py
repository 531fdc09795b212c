"""Whether a scan is an amyloid PET of a brain, and what it is else."""
