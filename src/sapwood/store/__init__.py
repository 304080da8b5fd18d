"""The catalogue database: users, stages, formats, models, jobs, history, cached answers. The only room that sees SQLAlchemy."""
