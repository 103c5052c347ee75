"""Pages about the service itself: whether it is well, what each problem means, and its documentation."""
