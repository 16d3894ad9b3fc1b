"""What an expression can yield, found out without data: which labels, what kind of numbers, which series."""
