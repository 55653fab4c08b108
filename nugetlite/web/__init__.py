"""HTTP: reads requests, calls the feed, writes answers, and decides nothing."""
