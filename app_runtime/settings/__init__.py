"""Models, limits and prices as people set them."""
