"""Our host beside Cog 0.23.1: the same predictors, the same requests."""
