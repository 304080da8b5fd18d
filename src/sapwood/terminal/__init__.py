"""What people at a terminal see: results, models, jobs, messages, and progress bars on stderr. Knows no SQL."""
