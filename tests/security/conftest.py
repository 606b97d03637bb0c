"""What attacks need: a second origin in a real browser comes from `browser`'s fixtures."""
