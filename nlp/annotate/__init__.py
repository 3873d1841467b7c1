"""Items -> annotated items."""
