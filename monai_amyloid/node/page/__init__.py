"""The page: what the node did and does, in a browser; what people decide there, and who may."""
