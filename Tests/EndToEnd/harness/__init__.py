"""What the end-to-end tests stand on: the server process, apps, and an API client."""
