// SPDX-License-Identifier: Apache-2.0
// What a bench is asked for on its command line, and how it prints its figures.
//
// Contract: figures are printed last, a line each, in the order in which they were added:
//   BAR engine/limit_ratio_512 0.93 ratio (aim >= 0.90)
// A figure that misses its aim says so behind it. With --json FILE the same goes to a file.
// Errors: a wrong command line, or a file that cannot be written, ends the process with status 2.
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assent::bench {

struct Options {
  bool quick = false;
  std::string json;       // a file; empty: none
  std::string directory;  // where files go; empty: $TMPDIR or /tmp
  int profile_s = 0;      // > 0: only our side under its heaviest load, for as long; no figures

  int rounds() const { return quick ? 3 : 5; }
};

// `about` is what --help prints above the options.
Options ParseOptions(int argc, char** argv, const std::string& about);

struct Aim {
  char sign = '>';  // '>': at least, '<': at most
  double value = 0;
};

class Report {
 public:
  Report(std::string bench, Options options)
      : bench_(std::move(bench)), options_(std::move(options)) {}

  // Printed at once, and kept for the JSON: durability settings, sync times, absolute figures.
  void Note(const std::string& what, const std::string& value);
  void Add(const std::string& figure, double value, const std::string& unit,
           std::optional<Aim> aim = std::nullopt);
  // Prints the figures. The process's exit status: 0, short of an aim or not.
  int Finish() const;

 private:
  struct Figure {
    std::string name;
    double value;
    std::string unit;
    std::optional<Aim> aim;
    bool missed() const;
  };
  void WriteJson() const;

  std::string bench_;
  Options options_;
  std::vector<std::pair<std::string, std::string>> notes_;
  std::vector<Figure> figures_;
};

// Of an even number of values the upper one. 0 of none.
double Median(std::vector<double> values);
// "12345" and "0.93": as many digits as carry something.
std::string Short(double value);
// printf into a string.
std::string Text(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Ends the process with status 1: the bench could not measure.
[[noreturn]] void GiveUp(const std::string& why);

}  // namespace assent::bench
