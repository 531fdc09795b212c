"""The networks of bundles, ready to be given scans: by MONAI, and plainly where that is known."""
