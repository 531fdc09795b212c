"""How well grades are predicted, measured on held-out scans."""
