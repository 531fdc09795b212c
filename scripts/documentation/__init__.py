"""Pages of the site that are made of the program: commands, values, findings, results, rooms."""
