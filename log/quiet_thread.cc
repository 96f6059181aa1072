// SPDX-License-Identifier: Apache-2.0
#include "log/quiet_thread.h"

#include <csignal>

#include <pthread.h>

namespace assent::log {

std::thread QuietThread(std::function<void()> run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace assent::log
