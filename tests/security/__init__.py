"""Attacks: what a stranger on the network, a foreign web page or a hostile file must not get."""
