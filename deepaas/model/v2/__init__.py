"""The author's side of a V2 model. These import paths are fixed."""
