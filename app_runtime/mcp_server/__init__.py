"""The MCP server: memory with the rights of an agent, and runs, apps and questions to read (DESIGN §6).

`asker` says for whom it speaks, `arguments` and `records` are what goes in and comes out, `reading` finds it,
`toolbox` holds the tools and turns every failure into a sentence, `serving` speaks the protocol with the SDK
over `pipes`. Only the last two import the SDK.
"""
