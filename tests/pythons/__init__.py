"""What is run with every Python that the host is for, not only with that of the other tests."""
