"""client.py - the same work as gets.lua and upload_once.lua with httpx and json, as Promptic's client for Python has it.

   client.py easy|multi ENDPOINT PAGE COUNT     prints "wall cpu" in seconds
   client.py upload ENDPOINT FILE.jsonl         prints "cpu wall peak" of the upload: seconds, seconds, KiB
   client.py memory ENDPOINT PAGE               prints the peak of the process in KiB, before and after

32 requests at one time, and 8 uploads of 1,000 rows, are threads: the client is a blocking one.
"""
import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

mode, endpoint, *words = sys.argv[1:]
client = httpx.Client(
    base_url=endpoint + "/api/v1",
    headers={"Authorization": "Bearer bench"},
    verify=os.environ.get("BENCH_CA_FILE", True),
    limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
    timeout=30,
    trust_env=False,
)


def get(page):
    response = client.get("/components/" + page)
    response.raise_for_status()
    return json.loads(response.content)


def post(rows):
    client.post("/experiments/bench/observations", json=rows).raise_for_status()


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def gets(page, count):
    wall, cpu = time.monotonic(), time.process_time()
    if mode == "easy":
        for _ in range(int(count)):
            get(page)
    else:
        with ThreadPoolExecutor(32) as pool:
            for _ in pool.map(lambda _: get(page) is None, range(int(count))):
                pass
    print(time.monotonic() - wall, time.process_time() - cpu)


def upload(path):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    wall, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(post, (rows[at : at + 1000] for at in range(0, len(rows), 1000))):
            pass
    print(time.process_time() - cpu, time.monotonic() - wall, peak())


def memory(page):
    before = peak()
    value = get(page)
    print(before, peak(), len(value["data"]))


{"easy": gets, "multi": gets, "upload": upload, "memory": memory}[mode](*words)
