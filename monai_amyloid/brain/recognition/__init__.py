"""Whether a scan is an amyloid PET of a brain, and what else it may be."""
