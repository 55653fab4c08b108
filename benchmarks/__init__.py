"""How fast the feed is: each figure a ratio to a yardstick that was measured in the same run."""
