// SPDX-License-Identifier: Apache-2.0
// Partners over TLS, with certificates made for the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/http/partner_fixture.h"
#include "participants/http/testing.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::http {
namespace {

using testing::HasSubstr;
using A = tcc::Answer;

class Tls : public testing::Test {
 protected:
  struct Certificate {
    std::string key, chain;  // files
  };
  static constexpr const char* kKey[] = {"-newkey", "ec", "-pkeyopt",
                                         "ec_paramgen_curve:prime256v1", "-nodes"};

  void SetUp() override {
    const auto made = SelfSigned("authority", "/CN=authority");
    authority_ = made.chain;
    authority_key_ = made.key;
  }

  void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    auto run = test::RunCommand(arguments);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_TRUE(run->status.ok()) << run->error_output;
  }

  Certificate SelfSigned(const std::string& name, const std::string& subject) {
    const Certificate made{directory_.File(name + ".key"), directory_.File(name + ".pem")};
    std::vector<std::string> arguments = {
        "req",     "-x509",  "-subj",   subject,
        "-days",   "2",      "-addext", "subjectAltName=DNS:partner.test",
        "-keyout", made.key, "-out",    made.chain};
    arguments.insert(arguments.end(), std::begin(kKey), std::end(kKey));
    OpenSsl(arguments);
    return made;
  }

  // Issued by the authority; `days` below 0: already expired.
  Certificate Issued(const std::string& alternative_name, int days) {
    const Certificate made{directory_.File("leaf.key"), directory_.File("leaf.pem")};
    const std::string request = directory_.File("leaf.csr"),
                      extension = directory_.File("leaf.ext");
    std::vector<std::string> arguments = {"req",     "-new",   "-subj", "/CN=leaf",
                                          "-keyout", made.key, "-out",  request};
    arguments.insert(arguments.end(), std::begin(kKey), std::end(kKey));
    OpenSsl(arguments);
    std::FILE* file = std::fopen(extension.c_str(), "w");
    std::fputs(("subjectAltName=" + alternative_name + "\n").c_str(), file);
    std::fclose(file);
    OpenSsl({"x509", "-req", "-in", request, "-CA", authority_, "-CAkey", authority_key_,
             "-CAcreateserial", "-extfile", extension, "-days", std::to_string(days), "-out",
             made.chain});
    return made;
  }

  // Sends a try to https://<host>, where the partner has `certificate`.
  tcc::Completion Ask(const Certificate& certificate, const std::string& host = "partner.test") {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                              &SSL_CTX_free);
    EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context.get(), certificate.chain.c_str()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context.get(), certificate.key.c_str(), SSL_FILETYPE_PEM),
              1);
    Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); }, context.get());
    HttpOptions options;
    options.allow = {"https://" + host + ":*"};
    options.ca_file = authority_;
    options.addresses["partner.test"] = {"127.0.0.1"};
    Adapter adapter(std::move(options));
    auto completion = adapter.Try(partner.Url(host));
    if (completion.answer == A::kDone) completion = adapter.Try(partner.Url(host));
    requests_ = partner.requests();
    connections_ = partner.connections();
    return completion;
  }

  test::TempDirectory directory_;
  std::string authority_, authority_key_;
  int requests_ = 0, connections_ = 0;
};

TEST_F(Tls, ServesAPartnerWithAGoodCertificateAndKeepsTheConnection) {
  const auto completion = Ask(Issued("DNS:partner.test", 2));
  EXPECT_EQ(completion.answer, A::kDone) << completion.detail;
  EXPECT_EQ(requests_, 2);
  EXPECT_EQ(connections_, 1);
}

TEST_F(Tls, ChecksAnAddressAgainstTheCertificateToo) {
  EXPECT_EQ(Ask(Issued("IP:127.0.0.1", 2), "127.0.0.1").answer, A::kDone);
  EXPECT_EQ(Ask(Issued("DNS:partner.test", 2), "127.0.0.1").answer, A::kNotSent);
}

TEST_F(Tls, SendsNothingToOneWhoseCertificateHasExpired) {
  const auto completion = Ask(Issued("DNS:partner.test", -1));
  EXPECT_EQ(completion.answer, A::kNotSent);
  EXPECT_THAT(completion.detail, HasSubstr("expired"));
  EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToAnotherHost) {
  const auto completion = Ask(Issued("DNS:other.test", 2));
  EXPECT_EQ(completion.answer, A::kNotSent);
  EXPECT_EQ(completion.detail, "the certificate is not valid for partner.test");
  EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToOneWhoSignedItself) {
  const auto completion = Ask(SelfSigned("stranger", "/CN=partner.test"));
  EXPECT_EQ(completion.answer, A::kNotSent);
  EXPECT_THAT(completion.detail, HasSubstr("certificate was rejected: self"));
  EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToOneWithoutTls) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  HttpOptions options;
  options.ca_file = authority_;
  options.connect_timeout = std::chrono::milliseconds(500);
  Adapter adapter(std::move(options));
  const auto completion = adapter.Try("https" + partner.Url().substr(4));
  EXPECT_EQ(completion.answer, A::kNotSent) << completion.detail;
  EXPECT_EQ(partner.requests(), 0);
}

TEST_F(Tls, RefusesAuthoritiesThatCannotBeRead) {
  HttpOptions options;
  options.ca_file = directory_.File("missing.pem");
  auto made = MakePartners(std::move(options));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().field, "ca_file");
}

}  // namespace
}  // namespace assent::http
