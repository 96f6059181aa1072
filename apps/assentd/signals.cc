// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/signals.h"

#include <csignal>
#include <cstring>
#include <string>

#include <pthread.h>

#include "base/event_log.h"

namespace assent::daemon {
namespace {

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF,
                           SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU}) {
    sigaddset(&set, signal);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&set, signal);
  return set;
}

std::string NameOf(int signal) {
  if (signal == SIGRTMIN) return "RTMIN";
  if (signal > SIGRTMIN) return "RTMIN+" + std::to_string(signal - SIGRTMIN);
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : name;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGTTOU}) std::signal(signal, SIG_IGN);
}

void AwaitStop() {
  const sigset_t set = HandledSignals();
  for (;;) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&set, &info);
    if (signal < 0) continue;  // EINTR
    const std::string name = NameOf(signal);
    if (signal == SIGINT || signal == SIGTERM) {
      Event(LogEvent::kStopping, {{"signal", name}});
      return;
    }
    const char* why =
        signal == SIGHUP ? "the configuration is read only at the start" : "has no effect";
    Event(LogEvent::kSignalIgnored,
          {{"signal", name}, {"pid", std::to_string(info.si_pid)}, {"detail", why}});
  }
}

}  // namespace assent::daemon
