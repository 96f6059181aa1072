// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/log_image.h"

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/check.h"
#include "base/event_log.h"
#include "log/start.h"

namespace assent::fuzz {
namespace {

constexpr char kDirectory[] = "log";
constexpr size_t kSector = log::kSectorBytes;
constexpr size_t kLargestFile = 16'384;

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return state_ += 0x9e3779b97f4a7c15; }

 private:
  uint64_t state_ = 17;
};

log::Options OptionsOf(uint64_t segment_bytes) {
  log::Options options;
  options.directory = kDirectory;
  options.segment_bytes = segment_bytes;
  options.ballast_bytes = 0;
  return options;
}

// Starts on the existing log and copies everything forward. Returns null if the disk was cut.
std::unique_ptr<log::Writer> Start(log::testing::MemoryFileSystem& disk, uint64_t segment_bytes) {
  auto recovered = log::Open(disk, OptionsOf(segment_bytes));
  if (!recovered) return nullptr;
  std::vector<std::string> copies;
  const auto read =
      recovered->ForEach([&](log::Lsn, std::string_view payload) { copies.emplace_back(payload); });
  if (!read) return nullptr;
  CountingRandom random;
  auto started = log::StartWriter(disk, std::move(*recovered), copies, random);
  return started ? std::move(started->writer) : nullptr;
}

void Write(log::Writer& writer, BaseLog* base, size_t size) {
  base->payloads.push_back(std::string(size, static_cast<char>('a' + base->payloads.size())));
  const std::vector<log::Record> records = {{log::RecordType::kPayload, base->payloads.back()}};
  CHECK(writer.WriteSome(records));
}

// Logging a line for each start would take longer than the start itself.
void BeQuiet() { SetLogLevel(Level::kError); }

Image Load(log::testing::MemoryFileSystem& disk) {
  Image image;
  std::vector<std::string> names;
  CHECK(disk.List(kDirectory, &names).error == 0);
  for (const std::string& name : names) {
    const auto number = log::ParseSegmentName(name);
    if (!number) continue;
    std::unique_ptr<log::File> file;
    CHECK(disk.Open(log::SegmentPath(kDirectory, *number), log::OpenMode::kRead, &file).error == 0);
    std::string& bytes = image[*number];
    bytes.resize(static_cast<size_t>(file->Size().value));
    CHECK(file->Read(0, bytes.data(), bytes.size()).error == 0);
  }
  return image;
}

BaseLog MakeOne() {
  BeQuiet();
  BaseLog base;
  log::testing::MemoryFileSystem disk;
  const auto writer = Start(disk, 8192);
  for (const size_t size : {20u, 600u, 1u, 1100u, 700u}) Write(*writer, &base, size);
  base.image = Load(disk);
  return base;
}

// The directory after a start on `image` whose process crashed after `calls` calls.
Image CutAmidStart(const Image& image, uint64_t calls) {
  log::testing::MemoryFileSystem disk;
  Store(image, kDirectory, &disk);
  disk.CutAfter(calls);
  const auto writer = Start(disk, 4096);
  disk.Revive();
  return Load(disk);
}

bool IsHalfCopy(const Image& image) {
  if (!image.contains(2) || !image.contains(1)) return false;
  const auto newer = ReadSegmentPlainly(image.at(2), 2, {});
  return newer && !newer->unused && newer->records.empty();
}

BaseLog MakeTwo(unsigned which) {
  BeQuiet();
  BaseLog base;
  log::testing::MemoryFileSystem disk;
  const auto writer = Start(disk, 4096);
  Write(*writer, &base, 30);
  Write(*writer, &base, 900);
  Write(*writer, &base, 500);
  if (which == 2 || which == 3) {
    const Image older = Load(disk);
    for (uint64_t calls = 1; base.image.empty(); ++calls) {
      const Image cut = CutAmidStart(older, calls);
      if (which == 2 && IsHalfCopy(cut)) base.image = cut;
      if (which == 3 && cut.size() == 1 && cut.contains(2)) {
        base.image = cut;
        base.image[1] = older.at(1);
      }
    }
    return base;
  }
  Write(*writer, &base, 1200);
  Write(*writer, &base, 5);
  Write(*writer, &base, 800);
  if (which == 1) CHECK(writer->spare().Prepare());
  base.image = Load(disk);
  CHECK(base.image.size() == (which == 1 ? 3u : 2u));
  if (which == 4) {
    base.payloads.pop_back();
    const auto last = ReadSegmentPlainly(base.image[2], 2, {});
    base.image[2].replace(last->end - 2 * kSector, kSector, kSector, '\0');
  }
  return base;
}

class Program {
 public:
  explicit Program(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  uint64_t Take(int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes && !text_.empty(); ++i, text_.remove_prefix(1)) {
      value = value << 8 | static_cast<unsigned char>(text_[0]);
    }
    return value;
  }
  std::string Bytes(size_t size) {
    const std::string bytes(text_.substr(0, size));
    text_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view text_;
};

class Damager {
 public:
  Damager(const BaseLog& base, std::string_view program) : program_(program) {
    damaged_.image = base.image;
  }

  Damaged Run() {
    while (!program_.done() && !damaged_.image.empty()) Operate();
    return std::move(damaged_);
  }

 private:
  void Operate() {
    const uint64_t operation = program_.Take(1) % 10;
    const uint64_t number = Number();
    std::string& file = damaged_.image.at(number);
    switch (operation) {
      case 0: return Overwrite(file);
      case 1: return Fill(file, '\0');
      case 2: return Fill(file, static_cast<char>(program_.Take(1)));
      case 3: return CopySector(file, damaged_.image.at(Number()));
      case 4: file.resize(program_.Take(2) % kLargestFile, '\0'); return;
      case 5: damaged_.image.erase(number); return;
      case 6: return Rename(number);
      case 7: return ChangeHead(file, number);
      case 8: return ChangeBody(file, number);
      default: {
        const size_t at = program_.Take(2) % (file.size() + 1);
        if (at < file.size()) file[at] = static_cast<char>(file[at] ^ (1 << program_.Take(1) % 8));
      }
    }
  }

  uint64_t Number() {
    auto one = damaged_.image.begin();
    std::advance(one, program_.Take(1) % damaged_.image.size());
    return one->first;
  }

  void Overwrite(std::string& file) {
    const size_t at = program_.Take(2) % (file.size() + 1);
    const std::string bytes = program_.Bytes(program_.Take(1));
    file.replace(at, std::min(bytes.size(), file.size() - at), bytes);
  }

  void Fill(std::string& file, char with) {
    const size_t at = std::min<size_t>(program_.Take(1) * kSector, file.size());
    const size_t size = std::min<size_t>(program_.Take(1) % 8 * kSector, file.size() - at);
    file.replace(at, size, size, with);
  }

  void CopySector(std::string& to, const std::string& from) {
    const size_t source = program_.Take(1) * kSector;
    const size_t target = program_.Take(1) * kSector;
    if (source + kSector > from.size() || target + kSector > to.size()) return;
    to.replace(target, kSector, std::string(from, source, kSector));
  }

  void Rename(uint64_t number) {
    static constexpr std::array<uint64_t, 6> kNumbers = {1, 2, 3, 4, 9, ~uint64_t{0}};
    const uint64_t other = kNumbers[program_.Take(1) % kNumbers.size()];
    if (other == number) return;
    damaged_.image[other] = std::move(damaged_.image[number]);
    damaged_.image.erase(number);
  }

  // Changes a byte in the head of any sector or in a segment header.
  void ChangeHead(std::string& file, uint64_t number) {
    const uint64_t sector = program_.Take(1) % 32;
    const size_t at = sector * kSector + 4 + program_.Take(1) % 84;
    if ((sector + 1) * kSector > file.size()) return;
    file[at] = static_cast<char>(program_.Take(1));
    Seal(file, number, sector);
  }

  void ChangeBody(std::string& file, uint64_t number) {
    const uint64_t sector = program_.Take(1) % 32;
    const size_t within = program_.Take(2) % log::kBodyBytes;
    std::string bytes = program_.Bytes(program_.Take(1) % 32);
    if ((sector + 1) * kSector > file.size()) return;
    bytes.resize(std::min(bytes.size(), log::kBodyBytes - within));
    file.replace(sector * kSector + log::kSectorHeadBytes + within, bytes.size(), bytes);
    Seal(file, number, sector);
  }

  void Seal(std::string& file, uint64_t number, uint64_t sector) {
    damaged_.forged = true;
    char place[16];
    StoreLittle(place, number);
    StoreLittle(place + 8, sector);
    char* bytes = file.data() + sector * kSector;
    StoreLittle(bytes, Crc32c(bytes + 4, kSector - 4, Crc32c(place, sizeof place)));
  }

  Program program_;
  Damaged damaged_;
};

}  // namespace

const BaseLog& OneSegment() {
  static const BaseLog base = MakeOne();
  return base;
}

const BaseLog& TwoSegments(unsigned which) {
  static const std::array<BaseLog, kTwoSegments> bases = {MakeTwo(0), MakeTwo(1), MakeTwo(2),
                                                          MakeTwo(3), MakeTwo(4)};
  return bases[which];
}

Damaged Damage(const BaseLog& base, std::string_view program) {
  return Damager(base, program).Run();
}

void Store(const Image& image, const std::string& directory, log::testing::MemoryFileSystem* disk) {
  for (const auto& [number, bytes] : image) {
    std::unique_ptr<log::File> file;
    const std::string path = log::SegmentPath(directory, number);
    CHECK(disk->Open(path, log::OpenMode::kCreate, &file).error == 0);
    CHECK(file->Write(0, bytes.data(), bytes.size()).error == 0);
  }
}

}  // namespace assent::fuzz
