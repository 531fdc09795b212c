"""A MONAI Bundle: its files, its network, its making and its checks."""
