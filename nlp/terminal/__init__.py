"""What the command shows on the terminal, in Chinese; nothing else of the program prints."""
