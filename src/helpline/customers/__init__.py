"""People and organisations who need help, and their assets."""
