"""The account itself: its address, its data, its end."""
