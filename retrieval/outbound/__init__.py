"""How Footnote calls servers that it does not trust: models, embeddings, directories, sources.

One set of rules for all of them: one deadline for the whole call, a cap on the answer's bytes (unpacked too), no
redirect, no cookie, no password in an address. `over_httpx` makes the client that the openai library takes,
`over_aiohttp` a session; `addresses` tells which addresses may be used, and how to show one.
"""
