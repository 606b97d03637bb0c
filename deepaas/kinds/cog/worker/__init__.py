"""The worker's part: adapts a predictor to the contract of a model."""
