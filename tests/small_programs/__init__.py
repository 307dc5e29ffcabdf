"""The small programs that keep the composed stack: health, first start, reloader, archive."""
