"""What outlives a request: jobs with states, leases and worker processes."""
