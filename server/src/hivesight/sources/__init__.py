"""WHERE BYTES COME FROM: scrape configuration, target discovery, the scrape loops and the host itself."""
