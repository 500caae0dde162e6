"""Questions about a reviewed case, answered by a tool-calling graph whose every sentence is checked."""
