// SPDX-License-Identifier: Apache-2.0
#include "log/directory.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/event_log.h"
#include "log/io.h"
#include "log/recovered.h"

namespace assent::log {
namespace {

constexpr uint64_t kMinSegmentBytes = 4096;

Result<std::vector<uint64_t>> SegmentNumbers(FileSystem& files, const std::string& directory) {
  auto names = ListFiles(files, directory);
  if (!names) return names.error();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (!LooksLikeSegment(name)) continue;
    const auto number = ParseSegmentName(name);
    if (!number) return Damage(directory + "/" + name, 0, "not a valid segment name");
    numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// Checks that `newer` is the successor of `older` in the same log. `path`: of `newer`.
Result<void> CheckNeighbours(const SegmentHeader& older, const SegmentHeader& newer,
                             const std::string& path) {
  const Identity& was = older.identity;
  const Identity& is = newer.identity;
  if (is.coordinator_id != was.coordinator_id) {
    return Damage(path, 0, "the segment belongs to another coordinator");
  }
  if (newer.previous_segment != older.segment) {
    return Damage(path, 0, "the header names another predecessor");
  }
  const bool raised = is.incarnation > was.incarnation;
  if (newer.starts ? !raised : !(is == was)) {
    return Damage(path, 0, "the incarnation does not follow that of the previous segment");
  }
  return {};
}

// Walks from the newest segment down, because only newer segments record where an older one ends
// and which ones may have been removed.
class Walk {
 public:
  Walk(FileSystem& files, const std::string& directory) : files_(files), directory_(directory) {}

  Result<Survey> Run() {
    auto numbers = SegmentNumbers(files_, directory_);
    if (!numbers) return numbers.error();
    if (numbers->empty()) return std::move(survey_);
    numbers_ = std::move(*numbers);
    uint64_t at = numbers_.back();
    auto newest = FindNewest(&at);
    if (!newest) return newest.error();
    if (at == 0) return std::move(survey_);
    auto down = Descend(at);
    if (!down) return down.error();
    std::reverse(survey_.segments.begin(), survey_.segments.end());
    for (uint64_t number : numbers_) {
      if (number < bound_) survey_.reclaimed.push_back(number);
    }
    return std::move(survey_);
  }

 private:
  bool IsPresent(uint64_t number) const {
    return std::binary_search(numbers_.begin(), numbers_.end(), number);
  }

  Error Missing(uint64_t number) const {
    return Damage(SegmentPath(directory_, number), 0, "the segment is missing");
  }

  // Skips unused segments and half copies. Sets `at` to the newest live segment, or to 0 if there
  // is none.
  Result<void> FindNewest(uint64_t* at) {
    std::optional<uint64_t> end;  // where this segment ends according to the half copy above it
    for (; *at > 0; --*at) {
      if (!IsPresent(*at)) return Missing(*at);
      auto reader = SegmentReader::Open(files_, directory_, *at);
      if (!reader) return reader.error();
      if (!(*reader)->header()) {
        // The start above may have read a header that was never synced, with nothing after it.
        if (end && *end != kSectorBytes) {
          return Damage((*reader)->path(), 0, "the segment header is missing");
        }
        survey_.discard.push_back(*at);
        continue;
      }
      if (!(*reader)->header()->starts) return {};
      SegmentSummary summary;
      auto walked = WalkSegment(**reader, &summary, nullptr);
      if (!walked) return walked;
      if (summary.copy_complete) return {};
      // The start above read this copy as complete, so only the batch that completes it, one
      // sector, can be missing.
      if (end && *end > summary.end + kSectorBytes) {
        return Damage((*reader)->path(), summary.end, "the copy made by a start is incomplete");
      }
      const uint64_t previous = (*reader)->header()->previous_segment;
      if (previous != *at - 1) {
        return Damage((*reader)->path(), 0, "the header names another predecessor");
      }
      if (previous > 0 && !IsPresent(previous)) return Missing(previous);
      // The segment below may be another half copy: one start wrote it but could not sync it, the
      // next start read it as complete from the page cache and was interrupted too, and then the
      // machine lost power. Neither start acted on what it had read.
      survey_.half_copy = true;
      survey_.discard.push_back(*at);
      end = (*reader)->header()->previous_end;
    }
    return {};
  }

  Result<void> Descend(uint64_t newest) {
    bound_ = 1;
    for (uint64_t at = newest; at >= bound_; --at) {
      if (!IsPresent(at)) return Missing(at);
      auto one = ReadOne(at);
      if (!one) return one;
      bound_ = std::max(bound_, survey_.segments.back().summary.reclaimed_below);
      if (bound_ > at) {
        return Damage(survey_.segments.back().path, 0, "a record reclaims its own segment");
      }
    }
    return CheckOldest();
  }

  Result<void> ReadOne(uint64_t at) {
    auto opened = SegmentReader::Open(files_, directory_, at);
    if (!opened) return opened.error();
    SegmentReader& reader = **opened;
    if (!reader.header()) return Damage(reader.path(), 0, "the segment header is missing");
    SurveyedSegment found{*reader.header(), {}, reader.path()};
    const SurveyedSegment* newer = survey_.segments.empty() ? nullptr : &survey_.segments.back();
    if (newer != nullptr) {
      auto fits = CheckNeighbours(found.header, newer->header, newer->path);
      if (!fits) return fits;
      auto sealed = reader.SealAt(newer->header.previous_end);
      if (!sealed) return sealed;
    }
    auto walked = WalkSegment(reader, &found.summary, nullptr);
    if (!walked) return walked;
    if (newer != nullptr && newer->header.first_lsn != found.summary.next_lsn) {
      return Damage(newer->path, 0, "the first LSN does not follow the previous segment");
    }
    if (found.header.starts && !found.summary.copy_complete) {
      return Damage(found.path, found.summary.end, "the copy made by a start is incomplete");
    }
    survey_.segments.push_back(std::move(found));
    return {};
  }

  Result<void> CheckOldest() const {
    const SurveyedSegment& oldest = survey_.segments.back();
    const bool first = oldest.header.segment == 1;
    const bool fits = first ? oldest.header.previous_segment == 0 && oldest.header.starts &&
                                  oldest.header.first_lsn == 1
                            : oldest.header.previous_segment == oldest.header.segment - 1;
    if (!fits) return Damage(oldest.path, 0, "the header names another predecessor");
    return {};
  }

  FileSystem& files_;
  const std::string& directory_;
  std::vector<uint64_t> numbers_;
  Survey survey_;
  uint64_t bound_ = 1;  // segments below it may have been removed
};

Result<void> CheckOptions(const Options& options) {
  if (options.directory.empty()) {
    return Error{ErrorCode::kInvalid, "the log directory is not set", "log.directory"};
  }
  if (options.segment_bytes < kMinSegmentBytes || options.segment_bytes % kSectorBytes != 0) {
    return Error{ErrorCode::kInvalid,
                 "a log segment must have at least 4096 bytes, a multiple of 512",
                 "log.segment_bytes"};
  }
  return {};
}

Result<void> EnsureDirectory(FileSystem& files, const std::string& directory) {
  const IoResult made = Uninterrupted([&] { return files.MakeDirectory(directory); });
  if (made.error == EEXIST) return {};
  if (made.error != 0) return SystemError("create the directory", directory, made.error);
  const auto slash = directory.find_last_not_of('/') == std::string::npos
                         ? std::string::npos
                         : directory.rfind('/', directory.find_last_not_of('/'));
  if (slash == std::string::npos) return SyncDirectory(files, ".");
  return SyncDirectory(files, slash == 0 ? "/" : directory.substr(0, slash));
}

Result<std::unique_ptr<FileLock>> TakeLock(FileSystem& files, const std::string& directory) {
  const IoResult network = Uninterrupted([&] { return files.IsNetwork(directory); });
  if (network.error != 0) {
    return SystemError("get the file system type of", directory, network.error);
  }
  if (network.value != 0) {
    return Error{
        ErrorCode::kInvalid,
        "the log directory " + directory + " is on a network file system; use a local disk",
        "log.directory"};
  }
  const std::string path = directory + "/" + kLockName;
  std::unique_ptr<FileLock> lock;
  const IoResult locked = Uninterrupted([&] { return files.Lock(path, &lock); });
  if (locked.error == EWOULDBLOCK) {
    return Error{ErrorCode::kInUse,
                 "the log directory " + directory + " is in use by another process",
                 "log.directory"};
  }
  if (locked.error != 0) return SystemError("lock", path, locked.error);
  return lock;
}

}  // namespace

Result<Survey> SurveyDirectory(FileSystem& files, const std::string& directory) {
  return Walk(files, directory).Run();
}

Result<Recovered> Open(FileSystem& files, const Options& options) {
  auto valid = CheckOptions(options);
  if (!valid) return valid.error();
  auto made = EnsureDirectory(files, options.directory);
  if (!made) return made.error();
  auto lock = TakeLock(files, options.directory);
  if (!lock) return lock.error();
  auto survey = SurveyDirectory(files, options.directory);
  if (!survey) return survey.error();
  Recovered recovered(files, options, std::move(*lock), std::move(*survey));
  if (const auto& torn = recovered.torn_tail()) {
    Event(LogEvent::kLogTornTail, {{"file", torn->file}, {"offset", std::to_string(torn->offset)}});
  }
  return recovered;
}

}  // namespace assent::log
