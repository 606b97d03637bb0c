"""What the pytest plugin does when one of its fixtures is used."""
