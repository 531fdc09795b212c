"""How right the program is: scans, networks and cohorts against what is known of them."""
