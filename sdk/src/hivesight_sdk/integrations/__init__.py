"""Agent frameworks: their own hooks, made into the SDK's runs. Each framework is imported when it is used.

`hivesight_sdk.instrument("langgraph", "openai_agents")` switches two of them on for the whole process.
"""
