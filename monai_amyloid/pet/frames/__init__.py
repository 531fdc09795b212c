"""Time frames: when they were measured, which show amyloid, and the one volume of them."""
