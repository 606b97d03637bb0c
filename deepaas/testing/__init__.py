"""What the pytest plugin uses when a test requests one of its fixtures."""
