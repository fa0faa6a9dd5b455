"""What a person sees when the fault is ours."""
