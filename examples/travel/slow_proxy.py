#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy between the coordinator and a partner that delays tries.

    slow_proxy.py PORT PARTNERS_PORT GATE

A try waits until the file GATE exists; all other calls pass at once. So a cancel overtakes its try,
as can happen in any network with retries or several paths.
Prints each call with the partner's answer.
"""
import http.client, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, PARTNERS_PORT, GATE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.path.rsplit("/", 1)[1]
        while operation == "try" and not os.path.exists(GATE):
            time.sleep(0.05)
        partner = http.client.HTTPConnection("127.0.0.1", PARTNERS_PORT, timeout=30)
        partner.request("POST", self.path, body, dict(self.headers))
        answer = partner.getresponse()
        text = answer.read()
        attempt = self.headers["Assent-Attempt"]
        print(f"{operation:8} attempt {attempt}   answer {answer.status} {text.decode().strip()}",
              flush=True)
        try:
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            self.close_connection = True  # the coordinator no longer waits for the answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
