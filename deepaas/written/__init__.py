"""What authors have written, read without running it: files, folders, and places in them."""
