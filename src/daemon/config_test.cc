#include "daemon/config.h"

#include <gtest/gtest.h>

namespace assent::daemon {
namespace {

std::string FieldOf(const std::string& text) {
  const auto config = ParseConfig(text, "test.toml");
  return config ? "good" : config.error().field;
}

constexpr char kResource[] = R"([[resource]]
name = "a"
driver = "mysql"
url = "tcp://127.0.0.1:3306/x"
)";

TEST(Config, HasADefaultForEveryKey) {
  const auto config = ParseConfig("", "defaults");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->server.address, "127.0.0.1");
  EXPECT_EQ(config->server.port, 7430);
  EXPECT_EQ(config->log.directory, "assent-log");
  EXPECT_TRUE(config->resources.empty());
}

TEST(Config, NamesAnUnknownKeyWithItsPath) {
  EXPECT_EQ(FieldOf("[server]\nlisten_on = 1\n"), "server.listen_on");
  EXPECT_EQ(FieldOf("colour = 1\n"), "colour");
  EXPECT_EQ(FieldOf("'' = 1\n"), "\"\"");
  EXPECT_EQ(FieldOf(std::string(kResource) + "pol = 3\n"), "resource[0].pol");
}

TEST(Config, NamesAValueOfTheWrongTypeOrOutOfItsRange) {
  EXPECT_EQ(FieldOf("[server]\nthreads = \"two\"\n"), "server.threads");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = 5\n"), "limits.deadline");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = \"0s\"\n"), "limits.deadline");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = \"48h\"\n"), "limits.deadline");
  EXPECT_EQ(FieldOf(std::string(kResource) + "pool = 0\n"), "resource[0].pool");
  EXPECT_EQ(FieldOf("server = 1\n"), "server");
}

// Else the coordinator would refuse everything as soon as the first segment is full.
TEST(Config, RefusesSegmentsInWhichNoTransactionHasRoom) {
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 65536\n"), "log.segment_bytes");
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 131072\n"), "good");
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 131072\n[limits]\nbranches = 1000\n"),
            "log.segment_bytes");
}

TEST(Config, NamesWhatIsMissingOrContradictsInAResource) {
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\n"), "resource[0].driver");
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\ndriver = \"mysql\"\n"), "resource[0].url");
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\ndriver = \"odbc\"\ndsn = \"x\"\n"),
            "resource[0].dialect");
  EXPECT_EQ(FieldOf(std::string(kResource) + kResource), "resource[1].name");
  EXPECT_EQ(FieldOf(std::string(kResource) + "dsn = \"x\"\n"), "resource[0].dsn");
  EXPECT_EQ(FieldOf(std::string(kResource) + "password = \"x\"\npassword_file = \"y\"\n"),
            "resource[0].password");
  EXPECT_EQ(FieldOf(std::string(kResource) + "password_env = \"ASSENT_NO_SUCH_VARIABLE\"\n"),
            "resource[0].password_env");
}

TEST(Config, ListensBeyondLoopbackForNobodyYet) {
  EXPECT_EQ(FieldOf("[server]\nlisten = \"0.0.0.0:7430\"\n"), "server.listen");
  EXPECT_EQ(FieldOf("[server]\nlisten = \"127.0.0.1\"\n"), "server.listen");
  EXPECT_EQ(FieldOf("[server]\nlisten = \"[::1]:7430\"\n"), "good");
}

TEST(Config, NamesTheFileAndTheLineOfASyntaxError) {
  const auto config = ParseConfig("[server\n", "test.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().field, "test.toml");
  EXPECT_NE(config.error().message.find("line 1"), std::string::npos);
}

TEST(Config, NamesTheFileWhoseSyntaxErrorTheParserDoesNotExpect) {
  EXPECT_EQ(FieldOf("[[,resource]]\n"), "test.toml");
  EXPECT_EQ(FieldOf("[,]\n"), "test.toml");
}

TEST(Config, NamesAFileThatCannotBeRead) {
  const auto config = ReadConfig("/no/such/file.toml");
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().field, "/no/such/file.toml");
}

}  // namespace
}  // namespace assent::daemon
