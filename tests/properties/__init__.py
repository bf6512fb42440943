"""What holds for all values, searched by Hypothesis."""
