"""The worker's half: from a predictor to what the contract wants of a model."""
