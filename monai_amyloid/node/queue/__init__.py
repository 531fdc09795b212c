"""What the node remembers: studies, their images, results and deliveries, in a database."""
