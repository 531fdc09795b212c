"""A BIDS dataset in, BIDS derivatives out, as programs that run BIDS Apps expect."""
