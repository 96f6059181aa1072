#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a page in a headless Chromium and runs the given steps.

    browser.py CHROMIUM PROFILE URL STEP...

PROFILE is a directory for Chromium's files. A STEP is one of
    see=TEXT        waits until the page shows TEXT
    until=SCRIPT    waits until SCRIPT is true
    text=SELECTOR   prints what each element shows, as "SELECTOR<TAB>text"
    eval=SCRIPT     prints its value, as "SCRIPT<TAB>text", or in JSON if it is not a text
    width=PIXELS    sets the width of the window
    kill=PID        ends another process with SIGKILL
Any run of white space in the page counts, and is printed, as one space. The exit status is 1,
with the reason on stderr, if a step does not succeed within 30 s, or if a script of the page threw
or was blocked.
"""
import fcntl, json, os, select, signal, subprocess, sys, time

PATIENCE = 30
TEXTS = "[...document.querySelectorAll(%s)].map(e => e.innerText.replace(/\\s+/g, ' ').trim())"


class Browser:
    """The DevTools protocol over two pipes: messages in JSON, each ended by a zero byte."""

    def __init__(self, program, profile):
        theirs_in, ours_out = self.pipe()
        ours_in, theirs_out = self.pipe()
        start = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", start, "browser", program, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-breakpad", "--no-first-run",
             "--remote-debugging-pipe", "--user-data-dir=" + profile, "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.to, self.source, self.buffer = ours_out, ours_in, b""
        self.calls, self.session, self.complaints = 0, None, []

    @staticmethod
    def pipe():
        """Uses high descriptors, so that none conflicts with those of the protocol."""
        ends = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 50) for end in ends]
        for end in ends:
            os.close(end)
        return high

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.source], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            some = os.read(self.source, 1 << 16)
            if not some:
                raise ConnectionError("the browser has ended")
            self.buffer += some
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.calls += 1
        request = {"id": self.calls, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        text = json.dumps(request).encode() + b"\0"
        while text:
            text = text[os.write(self.to, text):]
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.calls:
                break
            self.listen(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def listen(self, event):
        parameters = event.get("params", {})
        entry = parameters.get("entry", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        # A coordinator that does not answer is not an error of the page.
        elif event["method"] == "Log.entryAdded" and entry["source"] != "network":
            self.complaints.append(entry["text"])

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Page.navigate", url=url)

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def shown(self, selector):
        return self.evaluate(TEXTS % json.dumps(selector))

    def wait(self, what, is_met):
        deadline = time.monotonic() + PATIENCE
        while not is_met():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} is not met; shown is: {self.shown('body')}")
            time.sleep(0.05)

    def end(self):
        """Closes the browser cleanly, so that nothing writes to the profile afterwards."""
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def take(browser, step):
    kind, _, value = step.partition("=")
    if kind == "see":
        browser.wait(step, lambda: any(value in text for text in browser.shown("body")))
    elif kind == "until":
        browser.wait(step, lambda: browser.evaluate(value))
    elif kind == "text":
        for text in browser.shown(value):
            print(value, text, sep="\t", flush=True)
    elif kind == "eval":
        found = browser.evaluate(value)
        text = " ".join(found.split()) if isinstance(found, str) else json.dumps(found)
        print(value, text, sep="\t", flush=True)
    elif kind == "width":
        browser.call("Emulation.setDeviceMetricsOverride", width=int(value), height=900,
                     deviceScaleFactor=1, mobile=False)
    elif kind == "kill":
        os.kill(int(value), signal.SIGKILL)
    else:
        raise ValueError(f"no step: {step}")


def main():
    program, profile, url, *steps = sys.argv[1:]
    browser = Browser(program, profile)
    try:
        browser.open(url)
        for step in steps:
            take(browser, step)
    except (OSError, RuntimeError) as problem:
        browser.complaints.append(str(problem))
    finally:
        browser.end()
    for complaint in browser.complaints:
        print(complaint, file=sys.stderr)
    return 1 if browser.complaints else 0


sys.exit(main())
