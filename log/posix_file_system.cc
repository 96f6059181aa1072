// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log/file_system.h"

namespace assent::log {
namespace {

// Not in linux/magic.h everywhere.
constexpr uint32_t kCifs = 0xff534d42;
constexpr uint32_t kSmb2 = 0xfe534d42;
constexpr uint32_t kFuse = 0x65735546;  // sshfs, glusterfs: their fdatasync guarantees nothing
constexpr uint32_t kCeph = 0x00c36400;
constexpr uint32_t kGfs2 = 0x01161970;
constexpr uint32_t kOcfs2 = 0x7461636f;
constexpr uint32_t kLustre = 0x0bd00bd0;

IoResult From(int64_t value) { return value < 0 ? IoResult{0, errno} : IoResult{value, 0}; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

IoResult LeadsTo(const std::string& path, int fd) {
  struct stat open_file {};
  struct stat named {};
  if (fstat(fd, &open_file) < 0) return {0, errno};
  if (stat(path.c_str(), &named) < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {0, 0};
    return {0, errno};
  }
  const bool same = open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
  return {same ? 1 : 0, 0};
}

class PosixFile final : public File {
 public:
  explicit PosixFile(int fd) : fd_(fd) {}
  IoResult Read(uint64_t offset, char* to, size_t size) override {
    return From(pread(fd_.get(), to, size, static_cast<off_t>(offset)));
  }
  IoResult Write(uint64_t offset, const char* from, size_t size) override {
    return From(pwrite(fd_.get(), from, size, static_cast<off_t>(offset)));
  }
  IoResult Size() override {
    struct stat status {};
    if (fstat(fd_.get(), &status) < 0) return {0, errno};
    return {status.st_size, 0};
  }
  IoResult SyncData() override { return From(fdatasync(fd_.get())); }
  IoResult IsNamed(const std::string& path) override { return LeadsTo(path, fd_.get()); }

 private:
  Descriptor fd_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  IoResult IsNamed(const std::string& path) override { return LeadsTo(path, fd_.get()); }

 private:
  Descriptor fd_;
};

class Posix final : public FileSystem {
 public:
  IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override {
    int flags = O_CLOEXEC | (mode == OpenMode::kRead ? O_RDONLY : O_RDWR);
    if (mode == OpenMode::kCreate) flags |= O_CREAT | O_EXCL;
    const int fd = open(path.c_str(), flags, 0600);
    if (fd < 0) return {0, errno};
    *file = std::make_unique<PosixFile>(fd);
    return {};
  }
  IoResult MakeDirectory(const std::string& path) override {
    return From(mkdir(path.c_str(), 0700));
  }
  IoResult List(const std::string& directory, std::vector<std::string>* names) override {
    names->clear();
    DIR* stream = opendir(directory.c_str());
    if (stream == nullptr) return {0, errno};
    errno = 0;
    while (const dirent* entry = readdir(stream)) names->emplace_back(entry->d_name);
    const int error = errno;
    closedir(stream);
    return {0, error};
  }
  IoResult Remove(const std::string& path) override { return From(unlink(path.c_str())); }
  IoResult SyncDirectory(const std::string& directory) override {
    Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return {0, errno};
    return From(fsync(fd.get()));
  }
  IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return {0, errno};
    auto held = std::make_unique<PosixLock>(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) return {0, errno};
    *lock = std::move(held);
    return {};
  }
  IoResult FreeBytes(const std::string& directory) override {
    struct statvfs status {};
    if (statvfs(directory.c_str(), &status) < 0) return {0, errno};
    return {static_cast<int64_t>(status.f_bavail * status.f_frsize), 0};
  }
  IoResult IsNetwork(const std::string& directory) override {
    struct statfs status {};
    if (statfs(directory.c_str(), &status) < 0) return {0, errno};
    switch (static_cast<uint32_t>(status.f_type)) {
      case NFS_SUPER_MAGIC:
      case SMB_SUPER_MAGIC:
      case AFS_SUPER_MAGIC:
      case CODA_SUPER_MAGIC:
      case NCP_SUPER_MAGIC:
      case V9FS_MAGIC:
      case kCifs:
      case kSmb2:
      case kFuse:
      case kCeph:
      case kGfs2:
      case kOcfs2:
      case kLustre: return {1, 0};
      default: return {0, 0};
    }
  }
};

}  // namespace

IoResult FileLock::IsNamed(const std::string&) { return {1, 0}; }

FileSystem& PosixFileSystem() {
  static Posix files;
  return files;
}

}  // namespace assent::log
