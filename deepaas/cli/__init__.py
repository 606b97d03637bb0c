"""``deepaas-cli``: models on the command line, in this process or at a host."""
