"""What is no MCP server: prints what its first argument says."""

import sys
import time

HOW = sys.argv[1]
if HOW == "lines":
    print("Welcome to the shop\n" * 1000, flush=True)
    time.sleep(600)
if HOW == "banner":
    print("Welcome to the shop, hush-hush-hush", flush=True)
    time.sleep(600)
if HOW == "endless":
    while True:
        sys.stdout.write("x" * 1_000_000)
if HOW == "silent":
    time.sleep(600)
print("no such shop", file=sys.stderr)
sys.exit(1)
