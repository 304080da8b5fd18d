"""Studio: pages in a browser over the SQL door. It sees what the signed-in user sees in SQL, and nothing else of sapwood."""
