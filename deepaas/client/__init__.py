"""Talk to a host over HTTP, from Python: the V2 API of this host and of DEEPaaS 2.x."""
