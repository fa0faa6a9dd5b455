"""What it takes to run the product: configuration to copy, and a proof of it on one machine."""
