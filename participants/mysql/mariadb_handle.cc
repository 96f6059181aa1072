// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/mariadb_handle.h"

#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

#include "base/check.h"
#include "participants/mysql/errors.h"
#include "participants/mysql/values.h"
#include "participants/sql/socket.h"

namespace assent::mysql {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kLibraryError = 2000;
constexpr unsigned kDefaultPort = 3306;
// The library refuses a longer packet, and thus a longer row, before it allocates memory for it.
// This is slightly more than the bound on a result, so that a row that just exceeds the bound does
// not cost the connection.
constexpr size_t kLongestRowPastTheBound = 1u << 20;
// How long the rest of a result beyond its bounds is read and discarded; after that the connection
// is closed instead.
constexpr std::chrono::milliseconds kDiscardFor{1'000};
constexpr int kRestOfARowMs = 100;

// Receives the results of an answer, in order.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void Columns(const MYSQL_FIELD* fields, unsigned count) { (void)fields, (void)count; }
  // NULL is a null pointer.
  virtual void TakeRow(MYSQL_ROW row, const unsigned long* lengths) { (void)row, (void)lengths; }
  virtual void Changed(uint64_t rows) { (void)rows; }
  // Whether the rest can be discarded.
  virtual bool full() const { return false; }
};

class AllRows : public Sink {
 public:
  explicit AllRows(std::vector<Row>& rows) : rows_(rows) {}

 private:
  void Columns(const MYSQL_FIELD*, unsigned count) override { columns_ = count; }
  void TakeRow(MYSQL_ROW row, const unsigned long* lengths) override {
    Row& taken = rows_.emplace_back(columns_);
    for (unsigned i = 0; i < columns_; ++i) {
      if (row[i] != nullptr) taken[i].emplace(row[i], lengths[i]);
    }
  }

  std::vector<Row>& rows_;
  unsigned columns_ = 0;
};

class ClientResults : public Sink {
 public:
  ClientResults(const RowBounds& bounds, std::vector<xa::StatementResult>& results)
      : bounds_(bounds), results_(results) {}
  bool full() const override { return full_; }

 private:
  void Columns(const MYSQL_FIELD* fields, unsigned count) override {
    if (full_ || results_.size() == bounds_.rows) return Fill();
    xa::StatementResult& result = results_.emplace_back();
    forms_.clear();
    for (unsigned i = 0; i < count; ++i) {
      const MYSQL_FIELD& field = fields[i];
      result.columns.emplace_back(field.name, field.name_length);
      forms_.push_back(FormOf({field.type, field.charsetnr, field.length}));
      // A procedure may return any number of results.
      if (results_.size() > 1) bytes_ += field.name_length;
    }
    if (bytes_ > bounds_.bytes) Fill();
  }
  void TakeRow(MYSQL_ROW row, const unsigned long* lengths) override {
    if (full_) return;
    for (size_t i = 0; i < forms_.size(); ++i) bytes_ += row[i] == nullptr ? 0 : lengths[i];
    if (++rows_ > bounds_.rows || bytes_ > bounds_.bytes) return Fill();
    std::vector<xa::Value>& values = results_.back().rows.emplace_back();
    values.reserve(forms_.size());
    for (size_t i = 0; i < forms_.size(); ++i) {
      values.push_back(row[i] == nullptr ? xa::Value() : ValueOf(forms_[i], {row[i], lengths[i]}));
    }
  }
  // The final status of a CALL that has returned results adds no result.
  void Changed(uint64_t rows) override {
    if (!full_ && results_.empty()) results_.emplace_back().affected = rows;
  }
  void Fill() {
    full_ = true;
    results_.clear();
  }

  const RowBounds bounds_;
  std::vector<xa::StatementResult>& results_;
  std::vector<Form> forms_;
  uint64_t rows_ = 0, bytes_ = 0;
  bool full_ = false;
};

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
struct CloseHandle {
  void operator()(MYSQL* handle) const { mysql_close(handle); }
};
using Handle = std::unique_ptr<MYSQL, CloseHandle>;

class MariaDbHandle : public MySqlHandle {
 public:
  explicit MariaDbHandle(Handle handle)
      : handle_(std::move(handle)),
        socket_(fcntl(mysql_get_socket(handle_.get()), F_DUPFD_CLOEXEC, 0)) {}
  ~MariaDbHandle() override {
    if (socket_ >= 0) close(socket_);
  }

  // Reads the length of the longest statement that the server accepts.
  std::optional<ServerError> LearnLongest() {
    std::vector<Row> rows;
    std::optional<ServerError> error = Query("SELECT @@max_allowed_packet", rows);
    if (error) return error;
    const std::string text = rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
    std::from_chars(text.data(), text.data() + text.size(), max_packet_);
    return std::nullopt;
  }

  bool alive() const override { return alive_; }
  bool severable() const override { return socket_ >= 0; }
  bool ClosedByPeer() const override { return sql::ClosedByPeer(socket_); }
  void Sever() override {
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  void OwnSocket(int socket) override {
    CHECK(socket_ < 0) << "the connection already has its socket";
    socket_ = socket;
  }

  std::optional<ServerError> Do(const std::string& sql) override {
    Sink none;
    return Ask(sql, none);
  }
  // The count arrives with the end of an answer, after its rows.
  std::optional<ServerError> Warnings(std::vector<Warning>& warnings) override {
    if (alive_ && mysql_warning_count(handle_.get()) == 0) return std::nullopt;
    std::vector<Row> rows;
    if (auto error = Query("SHOW WARNINGS", rows)) return error;
    for (Row& row : rows) {
      if (row.size() != 3) continue;
      Warning& warning = warnings.emplace_back();
      const std::string number = row[1].value_or("");
      std::from_chars(number.data(), number.data() + number.size(), warning.number);
      warning.level = std::move(row[0]).value_or("");
      warning.message = std::move(row[2]).value_or("");
    }
    return std::nullopt;
  }
  std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) override {
    AllRows all(rows);
    std::optional<ServerError> error = Ask(sql, all);
    if (error) rows.clear();
    return error;
  }
  std::optional<ServerError> Run(const std::string& sql, const RowBounds& bounds,
                                 std::vector<xa::StatementResult>& results,
                                 bool& too_large) override {
    ClientResults taken(bounds, results);
    std::optional<ServerError> error = Ask(sql, taken);
    // Whatever follows the bounds, an error or the end of the connection, changes nothing.
    too_large = taken.full() || (error && error->number == kPacketTooLarge);
    if (too_large || error) results.clear();
    return too_large ? std::nullopt : error;
  }

 private:
  std::optional<ServerError> Ask(const std::string& sql, Sink& sink) {
    std::optional<ServerError> error = Send(sql);
    return error ? error : ReadAnswer(sink);
  }

  // Sends one statement. ReadAnswer must then read its answer.
  std::optional<ServerError> Send(const std::string& sql) {
    if (!alive_) return ServerError{kServerGone, "HY000", "the connection is closed"};
    // The server would close the connection, perhaps before it reports the reason.
    if (max_packet_ > 0 && sql.size() + 1 >= max_packet_) {
      return ServerError{kStatementTooLong, "08S01",
                         "the statement with its parameters has " + std::to_string(sql.size()) +
                             " bytes; the server accepts less than " + std::to_string(max_packet_) +
                             " (max_allowed_packet)"};
    }
    if (mysql_send_query(handle_.get(), sql.data(), sql.size()) != 0) return Failure();
    ++owed_;
    return std::nullopt;
  }

  // Reads the whole answer to the oldest statement that was sent and not yet answered: all of its
  // results to the end. An error, wherever it comes, ends the answer.
  std::optional<ServerError> ReadAnswer(Sink& sink) {
    CHECK(owed_ > 0) << "no statement is unanswered";
    --owed_;
    if (mysql_read_query_result(handle_.get()) != 0) return Failure();
    std::optional<Clock::time_point> give_up;
    for (;;) {
      std::optional<ServerError> error = ReadResult(sink, give_up);
      if (error) return error;
      const int next = mysql_next_result(handle_.get());  // -1: no more results
      if (next > 0) return Failure();
      if (next < 0) return std::nullopt;
    }
  }

  std::optional<ServerError> ReadResult(Sink& sink, std::optional<Clock::time_point>& give_up) {
    if (mysql_field_count(handle_.get()) == 0) {
      sink.Changed(mysql_affected_rows(handle_.get()));
      return std::nullopt;
    }
    const std::unique_ptr<MYSQL_RES, FreeResult> set(mysql_use_result(handle_.get()));
    if (set == nullptr) return Failure();
    sink.Columns(mysql_fetch_fields(set.get()), mysql_num_fields(set.get()));
    while (const MYSQL_ROW row = mysql_fetch_row(set.get())) {
      if (!sink.full()) sink.TakeRow(row, mysql_fetch_lengths(set.get()));
      if (!sink.full()) continue;
      if (!give_up) give_up = Clock::now() + kDiscardFor;
      if (Clock::now() > *give_up) return GiveUp();
    }
    // No row: the end, or an error. Only the error number distinguishes them.
    if (mysql_errno(handle_.get()) == 0) return std::nullopt;
    ServerError error = Failure();
    if (error.number == kLostInQuery && RestWaits()) {
      error = {kPacketTooLarge, "HY000", "a row exceeds the library's packet limit"};
    }
    return error;
  }

  // For a row that is longer than its limit, the library reports a lost connection. But then the
  // server's next bytes are in the socket, or soon will be.
  bool RestWaits() const {
    pollfd ready{socket_, POLLIN, 0};
    char next = 0;
    return socket_ >= 0 && poll(&ready, 1, kRestOfARowMs) > 0 &&
           recv(socket_, &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }

  ServerError GiveUp() {
    alive_ = false;
    Sever();
    return {kServerGone, "HY000",
            "the connection was closed because the rest of a result was too long to discard"};
  }

  ServerError Failure() {
    ServerError error{static_cast<int32_t>(mysql_errno(handle_.get())),
                      mysql_sqlstate(handle_.get()), mysql_error(handle_.get())};
    if (error.number == 0)
      error = {kLibraryError, "HY000", "the client library reported no error number"};
    if (IsLost(error.number)) alive_ = false;
    return error;
  }

  const Handle handle_;
  int socket_;  // a duplicate: the library may close its own while Sever() runs
  bool alive_ = true;
  uint64_t max_packet_ = 0;
  uint32_t owed_ = 0;  // statements sent and not yet answered
};

struct Place {
  std::string host;
  unsigned port = kDefaultPort;
};

// "tcp://host:port", "tcp://[::1]:3306", "host".
Place PlaceOf(std::string_view address) {
  if (const size_t scheme = address.find("://"); scheme != std::string_view::npos) {
    address.remove_prefix(scheme + 3);
  }
  Place place;
  const size_t bracket = address.starts_with('[') ? address.find(']') : std::string_view::npos;
  const size_t colon = address.find(':', bracket == std::string_view::npos ? 0 : bracket);
  place.host =
      bracket == std::string_view::npos ? address.substr(0, colon) : address.substr(1, bracket - 1);
  if (colon != std::string_view::npos) {
    const std::string_view port = address.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), place.port);
  }
  return place;
}

void SetOptions(MYSQL* handle, const sql::ResourceOptions& options) {
  const HandleTimeouts timeouts(options);
  const unsigned protocol = MYSQL_PROTOCOL_TCP, no_local_files = 0;
  const my_bool reconnect = 0;
  const size_t longest_row = size_t{options.max_result_bytes} + kLongestRowPastTheBound;
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &timeouts.connect_s);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &timeouts.read_s);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &timeouts.write_s);
  mysql_options(handle, MYSQL_OPT_RECONNECT, &reconnect);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &longest_row);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "assentd");
}

Error ConnectError(int32_t number, const std::string& message) {
  return {IsDenied(number) ? ErrorCode::kDenied : ErrorCode::kUnavailable,
          message + " (" + std::to_string(number) + ")"};
}

}  // namespace

Result<std::unique_ptr<MySqlHandle>> ConnectByMariaDb(const sql::ResourceOptions& options,
                                                      const std::string& password) {
  static const int initialized = mysql_library_init(0, nullptr, nullptr);
  Handle handle(initialized == 0 ? mysql_init(nullptr) : nullptr);
  if (handle == nullptr) return Error{ErrorCode::kUnavailable, "libmariadb cannot be initialized"};
  SetOptions(handle.get(), options);
  const auto [address, database] = SplitUrl(options.url);
  const Place place = PlaceOf(address);
  if (mysql_real_connect(handle.get(), place.host.c_str(), options.user.c_str(), password.c_str(),
                         database.empty() ? nullptr : database.c_str(), place.port, nullptr,
                         CLIENT_FOUND_ROWS | CLIENT_MULTI_RESULTS) == nullptr) {
    return ConnectError(static_cast<int32_t>(mysql_errno(handle.get())), mysql_error(handle.get()));
  }
  auto connected = std::make_unique<MariaDbHandle>(std::move(handle));
  const std::optional<ServerError> error = connected->LearnLongest();
  if (error) return ConnectError(error->number, error->message);
  return std::unique_ptr<MySqlHandle>(std::move(connected));
}

}  // namespace assent::mysql
