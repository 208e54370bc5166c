"""One meaning from all the places where the Engine accepts it; a module for each view."""
