"""How results go back: to which destinations, by which protocol, and again where that failed."""
