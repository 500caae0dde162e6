"""The server: cases, reviews, reports, timeline and chat for several users, over REST and MCP."""
