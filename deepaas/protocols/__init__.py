"""HTTP dialects: one is a door, a package each. Light, as a door has a half in the workers, too."""
