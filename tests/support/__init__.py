"""What the tests of several folders use: hosts, clients, processes, databases, browsers."""
