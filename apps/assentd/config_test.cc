// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/temp.h"

namespace assent::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

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
  EXPECT_EQ(FieldOf("[limits]\nidle = \"\"\n"), "limits.idle");
  EXPECT_EQ(FieldOf(std::string(kResource) + "call_timeout = \"\"\n"), "resource[0].call_timeout");
  EXPECT_EQ(FieldOf("[server]\nthreads = \"two\"\n"), "server.threads");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = 5\n"), "limits.deadline");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = \"0s\"\n"), "limits.deadline");
  EXPECT_EQ(FieldOf("[limits]\ndeadline = \"48h\"\n"), "limits.deadline");
  EXPECT_EQ(FieldOf(std::string(kResource) + "pool = 0\n"), "resource[0].pool");
  EXPECT_EQ(FieldOf("server = 1\n"), "server");
}

TEST(Config, MakesAResourceStrictByDefault) {
  const auto strict_of = [](const std::string& more) {
    return ParseConfig(std::string(kResource) + more, "test.toml")->resources.at(0).strict;
  };
  EXPECT_TRUE(strict_of(""));
  EXPECT_FALSE(strict_of("strict = false\n"));
  EXPECT_EQ(FieldOf(std::string(kResource) + "strict = \"no\"\n"), "resource[0].strict");
}

// Otherwise the coordinator would refuse all requests as soon as the first segment is full.
TEST(Config, RefusesSegmentsTooSmallForATransaction) {
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 65536\n"), "log.segment_bytes");
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 131072\n"), "good");
  EXPECT_EQ(FieldOf("[log]\nsegment_bytes = 131072\n[limits]\nbranches = 1000\n"),
            "log.segment_bytes");
}

TEST(Config, NamesTheMissingOrConflictingKeyOfAResource) {
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\n"), "resource[0].driver");
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\ndriver = \"mysql\"\n"), "resource[0].url");
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\ndriver = \"odbc\"\ndsn = \"x\"\n"),
            "resource[0].dialect");
  EXPECT_EQ(FieldOf(std::string(kResource) + kResource), "resource[1].name");
  EXPECT_EQ(FieldOf(std::string(kResource) + "dsn = \"x\"\n"), "resource[0].dsn");
  EXPECT_EQ(FieldOf("[[resource]]\nname = \"a\"\ndriver = \"odbc\"\ndialect = \"postgresql\"\n"
                    "dsn = \"x\"\nstrict = false\n"),
            "resource[0].strict");
  EXPECT_EQ(FieldOf(std::string(kResource) + "password = \"x\"\npassword_file = \"y\"\n"),
            "resource[0].password");
  EXPECT_EQ(FieldOf(std::string(kResource) + "password_env = \"ASSENT_NO_SUCH_VARIABLE\"\n"),
            "resource[0].password_env");
}

TEST(Config, RefusesToListenBeyondLoopback) {
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

// ---- Where partners find the coordinator -------------------------------------------------------

TEST(Config, TakesAPublicUrlFromTheFileOnly) {
  EXPECT_EQ(ParseConfig("", "defaults")->public_url, "");
  const auto config =
      ParseConfig("[server]\npublic_url = \"https://assent.example/a\"\n", "test.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->public_url, "https://assent.example/a");
  EXPECT_EQ(config->server.port, 7430) << "public_url does not change the listening address";
}

TEST(Config, RefusesAnInvalidPublicUrl) {
  for (const char* value : {"7430", "true", "\"assent.example:7430\"", "\"ftp://assent.example\"",
                            "\"http://\"", "\"http://me:pass@assent.example\"",
                            "\"http://assent.example:0\"", "\"http://assent.example/a b\""}) {
    EXPECT_EQ(FieldOf(std::string("[server]\npublic_url = ") + value + "\n"), "server.public_url")
        << value;
  }
}

// ---- [partners] --------------------------------------------------------------------------------

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kOtherSecret[] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

Result<http::HttpOptions> Partners(const std::string& keys) {
  const auto config = ParseConfig("[partners]\n" + keys, "test.toml");
  if (!config) return config.error();
  return config->partners;
}

std::string FieldOfPartners(const std::string& keys) { return FieldOf("[partners]\n" + keys); }

TEST(PartnersConfig, HasADefaultForEveryKey) {
  const auto partners = Partners("");
  ASSERT_TRUE(partners) << partners.error().message;
  EXPECT_EQ(partners->allow, http::LoopbackOnly());
  EXPECT_EQ(partners->ca_file, "");
  EXPECT_EQ(partners->connect_timeout, seconds(2));
  EXPECT_EQ(partners->request_timeout, seconds(10));
  EXPECT_EQ(partners->idle_timeout, seconds(30));
  EXPECT_EQ(partners->max_answer_bytes, 65'536u);
  EXPECT_EQ(partners->limiter.max_in_flight, 64u);
  EXPECT_EQ(partners->max_waiting, 10'000u);
  EXPECT_EQ(partners->max_idle, 64u);
  EXPECT_EQ(partners->threads, 1);
  EXPECT_TRUE(partners->signing.empty());
}

struct Count {
  const char* key;
  int64_t low, high;
  std::function<int64_t(const http::HttpOptions&)> read;
};

const Count kCounts[] = {
    {"max_answer_bytes", 1024, 1 << 30,
     [](const auto& partners) { return static_cast<int64_t>(partners.max_answer_bytes); }},
    {"max_in_flight", 1, 100'000,
     [](const auto& partners) { return static_cast<int64_t>(partners.limiter.max_in_flight); }},
    {"max_waiting", 1, 10'000'000,
     [](const auto& partners) { return static_cast<int64_t>(partners.max_waiting); }},
    {"max_idle", 0, 100'000,
     [](const auto& partners) { return static_cast<int64_t>(partners.max_idle); }},
    {"threads", 1, 64, [](const auto& partners) { return partners.threads; }},
};

TEST(PartnersConfig, TakesCountsWithinTheirBounds) {
  for (const auto& [key, low, high, read] : kCounts) {
    const std::string field = std::string("partners.") + key;
    const auto set = [key = key](const std::string& value) { return key + (" = " + value + "\n"); };
    for (const int64_t good : {low, high}) {
      const auto partners = Partners(set(std::to_string(good)));
      ASSERT_TRUE(partners) << key << ": " << partners.error().message;
      EXPECT_EQ(read(*partners), good) << key;
    }
    for (const std::string& bad :
         {std::to_string(low - 1), std::to_string(high + 1), std::to_string(INT64_MIN),
          std::to_string(INT64_MAX), std::string("\"2000\""), std::string("2000.0"),
          std::string("true"), std::string("[2000]")}) {
      EXPECT_EQ(FieldOfPartners(set(bad)), field) << bad;
    }
    const Error error = Partners(set(std::to_string(high + 1))).error();
    EXPECT_THAT(error.message, HasSubstr(std::to_string(low) + " to " + std::to_string(high)));
  }
}

TEST(PartnersConfig, TakesDurations) {
  const std::pair<const char*, Duration http::HttpOptions::*> cases[] = {
      {"connect_timeout", &http::HttpOptions::connect_timeout},
      {"request_timeout", &http::HttpOptions::request_timeout},
      {"idle_timeout", &http::HttpOptions::idle_timeout}};
  for (const auto& [key, member] : cases) {
    const auto partners = Partners(std::string(key) + " = \"1.5s\"\n");
    ASSERT_TRUE(partners) << key << ": " << partners.error().message;
    EXPECT_EQ((*partners).*member, milliseconds(1500)) << key;
    for (const char* bad :
         {"5", "\"\"", "\"0s\"", "\"5\"", "\"-1s\"", "\"soon\"", "[\"5s\"]", "\"1000000000h\""}) {
      const auto refused = Partners(std::string(key) + " = " + bad + "\n");
      ASSERT_FALSE(refused) << key << " = " << bad;
      EXPECT_EQ(refused.error().field, std::string("partners.") + key) << bad;
      EXPECT_THAT(refused.error().message, HasSubstr("a duration greater than zero"));
    }
  }
}

TEST(PartnersConfig, TakesAnAllowListInsteadOfLoopback) {
  const auto partners = Partners(
      "allow = [\"https://a.example/x/\", \"http://127.0.0.1:*\"]\nca_file = \"ca.pem\"\n");
  ASSERT_TRUE(partners) << partners.error().message;
  EXPECT_THAT(partners->allow, testing::ElementsAre("https://a.example/x/", "http://127.0.0.1:*"));
  EXPECT_EQ(partners->ca_file, "ca.pem");
  const auto nobody = Partners("allow = []\n");
  ASSERT_TRUE(nobody) << nobody.error().message;
  EXPECT_TRUE(nobody->allow.empty());
}

TEST(PartnersConfig, RefusesAnInvalidAllowList) {
  for (const char* bad :
       {"\"https://a.example\"", "1", "[1]", "[\"https://a.example\", 1]", "[\"a.example\"]",
        "[\"\"]", "[\"https://a.example\", \"ftp://b.example\"]", "[\"https://a.example/?x=1\"]",
        "[\"https://me:pass@a.example\"]", "[\"https://a.example/../b\"]", "{}"}) {
    EXPECT_EQ(FieldOfPartners(std::string("allow = ") + bad + "\n"), "partners.allow") << bad;
  }
  EXPECT_THAT(Partners("allow = [\"https://a.example\", \"ftp://b.example\"]\n").error().message,
              HasSubstr("ftp://b.example"));
  EXPECT_EQ(FieldOfPartners("ca_file = 1\n"), "partners.ca_file");
}

TEST(PartnersConfig, RefusesUnknownKeys) {
  EXPECT_EQ(FieldOf("partners = 1\n"), "partners");
  EXPECT_EQ(FieldOf("[[partners]]\n"), "partners");
  EXPECT_EQ(FieldOfPartners("alow = []\n"), "partners.alow");
  EXPECT_EQ(FieldOfPartners("public_url = \"http://a.example\"\n"), "partners.public_url");
  EXPECT_THAT(Partners("alow = []\n").error().message, HasSubstr("allow, ca_file"));
}

// Neither a decision nor a recovered partner waits longer than the coordinator's own retries.
TEST(PartnersConfig, HoldsCallsBackNoLongerThanTheCoordinatorWould) {
  const auto by_default = Partners("");
  EXPECT_EQ(by_default->limiter.hold_at_most, seconds(30));
  EXPECT_EQ(by_default->limiter.back_off_cap, seconds(5));
  const auto config = ParseConfig("[limits]\nretry_cap = \"3s\"\n", "test.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->partners.limiter.hold_at_most, seconds(3));
  EXPECT_EQ(config->partners.limiter.back_off_cap, seconds(3));
}

// ---- [[partners.signing]] ----------------------------------------------------------------------

std::string Signing(const std::string& keys) { return "[[partners.signing]]\n" + keys; }
std::string Secret(const std::string& value) { return "secret = \"" + value + "\"\n"; }

constexpr char kPrefix[] = "prefix = \"https://a.example/\"\n";

TEST(SigningConfig, TakesASecretFromEachOfThreePlacesInTheOrderOfTheFile) {
  const test::TempDirectory directory;
  std::ofstream(directory.File("secret")) << kOtherSecret << "\nsecond line\n";
  ASSERT_EQ(setenv("ASSENT_TEST_SECRET", kSecret, 1), 0);
  const auto partners =
      Partners(Signing(kPrefix + Secret(kSecret)) +
               Signing("prefix = \"http://b.example:*\"\nsecret_env = \"ASSENT_TEST_SECRET\"\n") +
               Signing("prefix = \"http://c.example\"\nsecret_file = \"" +
                       directory.File("secret") + "\"\n"));
  ASSERT_TRUE(partners) << partners.error().field << ": " << partners.error().message;
  ASSERT_EQ(partners->signing.size(), 3u);
  const std::pair<const char*, const char*> expected[] = {{"https://a.example/", kSecret},
                                                          {"http://b.example:*", kSecret},
                                                          {"http://c.example", kOtherSecret}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(partners->signing[i].prefix, expected[i].first);
    EXPECT_THAT(partners->signing[i].secrets, testing::ElementsAre(expected[i].second));
  }
}

TEST(SigningConfig, RefusesAMissingOrInvalidPrefix) {
  for (const char* prefix : {"", "prefix = \"\"\n", "prefix = 1\n", "prefix = \"a.example\"\n",
                             "prefix = \"https://a.example/?x\"\n"}) {
    EXPECT_EQ(FieldOf(Signing(prefix + Secret(kSecret))), "partners.signing[0].prefix") << prefix;
  }
  EXPECT_EQ(FieldOf(Signing(kPrefix + Secret(kSecret)) + Signing(Secret(kSecret))),
            "partners.signing[1].prefix");
}

TEST(SigningConfig, RequiresExactlyOneSecret) {
  const std::string file = "secret_file = \"/no/such/file\"\n", env = "secret_env = \"HOME\"\n";
  for (const std::string& keys :
       {std::string(), Secret(""), Secret(kSecret) + env, Secret(kSecret) + file, env + file,
        Secret(kSecret) + env + file}) {
    const auto refused = Partners(Signing(kPrefix + keys));
    ASSERT_FALSE(refused) << keys;
    EXPECT_EQ(refused.error().field, "partners.signing[0].secret") << keys;
    EXPECT_THAT(refused.error().message, HasSubstr("one of secret, secret_env and secret_file"));
  }
}

TEST(SigningConfig, NamesTheSourceOfAnUnavailableSecret) {
  unsetenv("ASSENT_NO_SUCH_VARIABLE");
  EXPECT_EQ(FieldOf(Signing(std::string(kPrefix) + "secret_env = \"ASSENT_NO_SUCH_VARIABLE\"\n")),
            "partners.signing[0].secret_env");
  EXPECT_EQ(FieldOf(Signing(std::string(kPrefix) + "secret_file = \"/no/such/file\"\n")),
            "partners.signing[0].secret_file");
  for (const char* key : {"secret", "secret_env", "secret_file"}) {
    EXPECT_EQ(FieldOf(Signing(kPrefix + std::string(key) + " = 1\n")),
              std::string("partners.signing[0].") + key);
  }
}

// `assentd --check` finds it, not the first call to a partner.
TEST(SigningConfig, RefusesAnInvalidSecretWithoutPrintingIt) {
  for (const char* secret : {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8G",
                             "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"}) {
    const auto refused = Partners(Signing(kPrefix + Secret(secret)));
    ASSERT_FALSE(refused) << secret;
    EXPECT_EQ(refused.error().field, "partners.signing[0].secret");
    EXPECT_THAT(refused.error().message, Not(HasSubstr("MfKQ")));
  }
}

TEST(SigningConfig, RefusesAWrongTypeOrAnUnknownKey) {
  EXPECT_EQ(FieldOfPartners("signing = 1\n"), "partners.signing");
  EXPECT_EQ(FieldOf("[partners.signing]\n" + (kPrefix + Secret(kSecret))), "partners.signing");
  EXPECT_EQ(FieldOfPartners("signing = [1]\n"), "partners.signing[0].prefix");
  EXPECT_EQ(FieldOf(Signing(kPrefix + Secret(kSecret) + "secrets = []\n")),
            "partners.signing[0].secrets");
}

}  // namespace
}  // namespace assent::daemon
