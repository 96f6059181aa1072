// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

constexpr auto kKillDeadline = std::chrono::milliseconds(10000);

// The kernel ties "die with your parent" to the thread that forked, so one thread that lives as
// long as the program does all forking.
class Spawner {
 public:
  static Spawner& Get() {
    static Spawner* spawner = new Spawner;
    return *spawner;
  }

  pid_t Run(std::function<pid_t()> fork_it) {
    std::packaged_task<pid_t()> task(std::move(fork_it));
    std::future<pid_t> pid = task.get_future();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return pid.get();
  }

 private:
  Spawner() {
    std::thread([this] { Loop(); }).detach();
  }

  void Loop() {
    while (true) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return !tasks_.empty(); });
      std::packaged_task<pid_t()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<pid_t()>> tasks_;
};

// All that the child needs, prepared before the fork: after it only async-signal-safe calls are
// allowed.
struct Plan {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string directory;
  int out = -1;
  int err = -1;
  pid_t parent = 0;
};

void FillPointers(std::vector<std::string>* texts, std::vector<char*>* pointers) {
  for (std::string& text : *texts) {
    pointers->push_back(text.data());
  }
  pointers->push_back(nullptr);
}

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& extra) {
  std::vector<std::string> all = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& given : extra) {
      replaced = replaced || given.rfind(name, 0) == 0;
    }
    if (!replaced) {
      all.push_back(text);
    }
  }
  return all;
}

[[noreturn]] void RunChild(const Plan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) {
    _exit(127);  // the test ended in between
  }
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null_fd, 0);
  dup2(plan.out >= 0 ? plan.out : null_fd, 1);
  dup2(plan.err >= 0 ? plan.err : null_fd, 2);
  if (!plan.directory.empty() && chdir(plan.directory.c_str()) != 0) {
    _exit(127);
  }
  execvpe(plan.argv[0], plan.argv.data(), plan.envp.data());
  const char message[] = "cannot be run: ";
  (void)!write(2, message, sizeof(message) - 1);
  (void)!write(2, plan.argv[0], strlen(plan.argv[0]));
  _exit(127);
}

Result<pid_t> Fork(const std::vector<std::string>& arguments, const ProcessOptions& options,
                   int out, int err) {
  CHECK(!arguments.empty()) << "no program";
  Plan plan;
  plan.arguments = arguments;
  plan.environment = MergedEnvironment(options.environment);
  FillPointers(&plan.arguments, &plan.argv);
  FillPointers(&plan.environment, &plan.envp);
  plan.directory = options.directory;
  plan.out = out;
  plan.err = err;
  plan.parent = getpid();
  const pid_t pid = Spawner::Get().Run([&plan] {
    const pid_t child = fork();
    if (child == 0) {
      RunChild(plan);
    }
    return child;
  });
  if (pid < 0) {
    return Error{ErrorCode::kIo, "cannot fork for " + arguments[0]};
  }
  setpgid(pid, pid);  // parent and child race; fails harmlessly after the exec
  return pid;
}

int OpenForAppend(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void CloseAll(std::initializer_list<int> files) {
  for (const int fd : files) {
    if (fd >= 0) {
      close(fd);
    }
  }
}

std::string ReadMemory(int fd) {
  struct stat info = {};
  CHECK(fstat(fd, &info) == 0) << "fstat";
  std::string text(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  CHECK(got >= 0) << "pread";
  text.resize(static_cast<size_t>(got));
  return text;
}

}  // namespace

Result<std::unique_ptr<Process>> Process::Start(const std::vector<std::string>& arguments,
                                                const ProcessOptions& options) {
  int out = -1;
  int err = -1;
  if (!options.output.empty() && (out = OpenForAppend(options.output)) < 0) {
    return Error{ErrorCode::kIo, "cannot write " + options.output};
  }
  if (!options.error_output.empty() && (err = OpenForAppend(options.error_output)) < 0) {
    CloseAll({out});
    return Error{ErrorCode::kIo, "cannot write " + options.error_output};
  }
  Result<pid_t> pid = Fork(arguments, options, out, err >= 0 ? err : out);
  CloseAll({out, err});
  if (!pid) {
    return pid.error();
  }
  return std::unique_ptr<Process>(new Process(*pid));
}

Process::~Process() {
  if (Running()) {
    KillGroup(SIGKILL);
    (void)Wait(kKillDeadline);
  }
}

bool Process::Running() {
  if (ended_) {
    return false;
  }
  int raw = 0;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &raw, WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) {
    return true;
  }
  CHECK(got == pid_) << "waitpid: " << strerror(errno);
  ended_ = true;
  status_.signalled = WIFSIGNALED(raw);
  status_.code = status_.signalled ? WTERMSIG(raw) : WEXITSTATUS(raw);
  return false;
}

void Process::Kill(int signal) {
  if (Running()) {
    kill(pid_, signal);
  }
}

void Process::KillGroup(int signal) {
  if (Running()) {
    kill(-pid_, signal);
    kill(pid_, signal);
  }
}

Result<ExitStatus> Process::Wait(std::chrono::milliseconds deadline) {
  if (!Eventually(deadline, [this] { return !Running(); })) {
    return Error{ErrorCode::kTimeout, "process " + std::to_string(pid_) + " still runs"};
  }
  return status_;
}

Result<CommandOutput> RunCommand(const std::vector<std::string>& arguments,
                                 const ProcessOptions& options,
                                 std::chrono::milliseconds deadline) {
  const int out = memfd_create("output", MFD_CLOEXEC);
  const int err = memfd_create("error-output", MFD_CLOEXEC);
  CHECK(out >= 0 && err >= 0) << "memfd_create: " << strerror(errno);
  const std::string out_path = "/proc/self/fd/" + std::to_string(out);
  const std::string err_path = "/proc/self/fd/" + std::to_string(err);
  ProcessOptions redirected = options;
  redirected.output = out_path;
  redirected.error_output = err_path;
  Result<std::unique_ptr<Process>> process = Process::Start(arguments, redirected);
  if (!process) {
    CloseAll({out, err});
    return process.error();
  }
  Result<ExitStatus> status = (*process)->Wait(deadline);
  if (!status) {
    (*process)->KillGroup(SIGKILL);
    (void)(*process)->Wait(kKillDeadline);
  }
  CommandOutput result;
  result.output = ReadMemory(out);
  result.error_output = ReadMemory(err);
  CloseAll({out, err});
  if (!status) {
    return Error{ErrorCode::kTimeout, arguments[0] + " did not end in time; its output: " +
                                          result.output + result.error_output};
  }
  result.status = *status;
  return result;
}

namespace {

bool StandsStill(pid_t pid) {
  std::error_code error;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    std::ifstream file(task.path() / "stat");
    std::string line;
    std::getline(file, line);
    const size_t name_ends = line.rfind(')');
    if (name_ends == std::string::npos || line.compare(name_ends + 2, 1, "T") != 0) return false;
  }
  return !error;
}

}  // namespace

bool Freeze(pid_t pid) {
  if (kill(pid, SIGSTOP) != 0) return false;
  return Eventually(std::chrono::seconds(10), [&] { return StandsStill(pid); });
}

}  // namespace assent::test
