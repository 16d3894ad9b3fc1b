"""What the server says of itself: its log and its own metrics."""
