"""Registration of the template to a scan."""
