"""What models cost and used, by app and day."""
