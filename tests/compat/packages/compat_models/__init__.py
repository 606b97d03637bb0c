"""Model packages, each written the way that some public ones are."""
