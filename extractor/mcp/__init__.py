"""The door for agents: what the package does as tools of the Model Context Protocol (MCP)."""
