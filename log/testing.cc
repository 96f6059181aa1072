// SPDX-License-Identifier: Apache-2.0
#include "log/testing.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

#include "base/check.h"
#include "log/io.h"

namespace assent::log::testing {

using namespace std::chrono_literals;

TestDirectory::TestDirectory() {
  const bool memory = access("/dev/shm", W_OK) == 0;
  std::string name =
      (memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/assent-XXXXXX";
  CHECK(mkdtemp(name.data()) != nullptr);
  root_ = name;
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Options TestDirectory::LogOptions(uint64_t segment_bytes) const {
  Options options;
  options.directory = path();
  options.segment_bytes = segment_bytes;
  options.ballast_bytes = 0;
  return options;
}

void RecordingSink::OnDurable(Lsn up_to) {
  std::lock_guard lock(mutex_);
  CHECK(failures_.empty()) << "acknowledged after a failure";
  CHECK(up_to > durable_);
  durable_ = up_to;
  ++batches_;
  changed_.notify_all();
}

void RecordingSink::OnFailure(const Error& error) {
  std::lock_guard lock(mutex_);
  failures_.push_back(error);
  changed_.notify_all();
}

void RecordingSink::OnPressure(Lsn below) {
  std::lock_guard lock(mutex_);
  pressures_.push_back(below);
  changed_.notify_all();
}

void RecordingSink::OnSpace() {
  std::lock_guard lock(mutex_);
  ++spaces_;
}

int RecordingSink::spaces() const {
  std::lock_guard lock(mutex_);
  return spaces_;
}
Lsn RecordingSink::durable() const {
  std::lock_guard lock(mutex_);
  return durable_;
}
int RecordingSink::batches() const {
  std::lock_guard lock(mutex_);
  return batches_;
}
std::vector<Error> RecordingSink::failures() const {
  std::lock_guard lock(mutex_);
  return failures_;
}
std::vector<Lsn> RecordingSink::pressures() const {
  std::lock_guard lock(mutex_);
  return pressures_;
}
bool RecordingSink::AwaitDurable(Lsn lsn) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, 10s, [&] { return durable_ >= lsn; });
}
bool RecordingSink::AwaitFailure() const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, 10s, [&] { return !failures_.empty(); });
}

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::string path, bool fresh, std::unique_ptr<File> below)
      : owner_(owner), path_(std::move(path)), fresh_(fresh), below_(std::move(below)) {}

  IoResult Read(uint64_t offset, char* to, size_t size) override {
    bool half = false;
    if (const int error = owner_.Enter("read", path_, &half)) return {0, error};
    return below_->Read(offset, to, half ? (size + 1) / 2 : size);
  }
  IoResult Write(uint64_t offset, const char* from, size_t size) override {
    bool half = false;
    if (const int error = owner_.Enter("write", path_, &half)) return {0, error};
    if (const int error = owner_.write_error.load()) return {0, error};
    const int64_t space = owner_.space.load();
    if (fresh_ && space >= 0) {
      if (static_cast<int64_t>(size) > space) return {0, ENOSPC};
      owner_.space.store(space - static_cast<int64_t>(size));
    }
    return below_->Write(offset, from, half ? (size + 1) / 2 : size);
  }
  IoResult Size() override {
    if (const int error = owner_.Enter("size", path_)) return {0, error};
    return below_->Size();
  }
  IoResult SyncData() override {
    if (const int error = owner_.Enter("sync", path_)) return {0, error};
    if (const int error = owner_.sync_error.load()) return {0, error};
    fresh_ = false;
    return below_->SyncData();
  }
  IoResult IsNamed(const std::string& path) override {
    if (const int error = owner_.Enter("named", path)) return {0, error};
    return below_->IsNamed(path);
  }

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
  bool fresh_;  // being filled with zeros: its writes use up space
  std::unique_ptr<File> below_;
};

void FaultyFileSystem::Arm(Plan plan) {
  plan_ = plan;
  calls_ = 0;
  injected_ = 0;
}

void FaultyFileSystem::SetWatch(Watch watch) {
  std::lock_guard lock(watch_mutex_);
  watch_ = std::make_shared<Watch>(std::move(watch));
}

int FaultyFileSystem::Enter(const std::string& operation, const std::string& path,
                            bool* short_count) {
  std::shared_ptr<Watch> watch;
  {
    std::lock_guard lock(watch_mutex_);
    watch = watch_;
  }
  if (watch != nullptr && *watch) (*watch)(operation, path);
  const uint64_t call = ++calls_;
  const bool hit = plan_.at > 0 && (plan_.persistent ? call >= plan_.at : call == plan_.at);
  if (!hit) return 0;
  switch (plan_.fault) {
    case Fault::kError: ++injected_; return plan_.error;
    case Fault::kInterrupt:
      if ((call - plan_.at) % 2 != 0) return 0;
      ++injected_;
      return EINTR;
    case Fault::kShort:
      if (short_count == nullptr) return 0;
      ++injected_;
      *short_count = true;
      return 0;
  }
  return 0;
}

IoResult FaultyFileSystem::Open(const std::string& path, OpenMode mode,
                                std::unique_ptr<File>* file) {
  const bool create = mode == OpenMode::kCreate;
  if (const int error = Enter(create ? "create" : "open", path)) return {0, error};
  if (const int error = create_error.load(); create && error != 0) return {0, error};
  std::unique_ptr<File> below;
  const IoResult opened = below_.Open(path, mode, &below);
  if (opened.error == 0) {
    *file = std::make_unique<FaultyFile>(*this, path, create, std::move(below));
  }
  return opened;
}
IoResult FaultyFileSystem::MakeDirectory(const std::string& path) {
  if (const int error = Enter("mkdir", path)) return {0, error};
  return below_.MakeDirectory(path);
}
IoResult FaultyFileSystem::List(const std::string& directory, std::vector<std::string>* names) {
  if (const int error = Enter("list", directory)) return {0, error};
  return below_.List(directory, names);
}
IoResult FaultyFileSystem::Remove(const std::string& path) {
  if (const int error = Enter("remove", path)) return {0, error};
  std::error_code none;
  const auto bytes = std::filesystem::file_size(path, none);
  const IoResult removed = below_.Remove(path);
  if (removed.error == 0 && space.load() >= 0) space += static_cast<int64_t>(bytes);
  return removed;
}
IoResult FaultyFileSystem::SyncDirectory(const std::string& directory) {
  if (const int error = Enter("sync-directory", directory)) return {0, error};
  if (const int error = sync_error.load()) return {0, error};
  return below_.SyncDirectory(directory);
}
IoResult FaultyFileSystem::Lock(const std::string& path, std::unique_ptr<FileLock>* lock) {
  if (const int error = Enter("lock", path)) return {0, error};
  return below_.Lock(path, lock);
}
IoResult FaultyFileSystem::FreeBytes(const std::string& directory) {
  if (const int error = Enter("free", directory)) return {0, error};
  if (free_bytes >= 0) return {free_bytes.load(), 0};
  return below_.FreeBytes(directory);
}
IoResult FaultyFileSystem::IsNetwork(const std::string& directory) {
  if (const int error = Enter("network", directory)) return {0, error};
  if (network) return {1, 0};
  return below_.IsNetwork(directory);
}

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  CHECK(out.good());
}

std::vector<std::string> SegmentFiles(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (LooksLikeSegment(entry.path().string())) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<Recollection> Recall(const Options& options, FileSystem& files) {
  auto recovered = Open(files, options);
  if (!recovered) return recovered.error();
  Recollection records;
  auto read = recovered->ForEach(
      [&](Lsn lsn, std::string_view payload) { records.emplace_back(lsn, std::string(payload)); });
  if (!read) return read.error();
  CHECK(records.size() == recovered->records());
  return records;
}

std::vector<std::string> Payloads(const Recollection& records) {
  std::vector<std::string> payloads;
  for (const auto& record : records) payloads.push_back(record.second);
  return payloads;
}

Result<Started> StartCopyingAll(const Options& options, FileSystem& files) {
  auto recovered = Open(files, options);
  if (!recovered) return recovered.error();
  std::vector<std::string> copies;
  auto read =
      recovered->ForEach([&](Lsn, std::string_view payload) { copies.emplace_back(payload); });
  if (!read) return read.error();
  return StartWriter(files, std::move(*recovered), copies, SystemRandom());
}

Result<Written> WriteOne(Writer& writer, const std::vector<std::string>& payloads) {
  std::vector<Record> records;
  for (const auto& payload : payloads) records.push_back({RecordType::kPayload, payload});
  auto written = writer.WriteSome(records);
  CHECK(!written || written->records == records.size()) << "more than one batch";
  return written;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace assent::log::testing
