"""How well grades are told, from what was said of held-out scans."""
