// SPDX-License-Identifier: Apache-2.0
#include "bench/certificates.h"

#include <fstream>
#include <vector>

#include "bench/report.h"
#include "tests/support/process.h"

namespace assent::bench {
namespace {

void OpenSsl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  const auto run = test::RunCommand(arguments);
  if (!run) GiveUp(run.error().message);
  if (!run->status.ok()) GiveUp("openssl: " + run->error_output);
}

std::vector<std::string> NewKey(const std::string& file) {
  return {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file};
}

}  // namespace

Certificates::Certificates()
    : authority_(SelfSigned("authority")),
      good_(Issued("good", "IP:127.0.0.1", 2)),
      expired_(Issued("expired", "IP:127.0.0.1", -1)),
      other_(Issued("other", "DNS:other.test", 2)),
      self_signed_(SelfSigned("stranger")) {}

Certificate Certificates::SelfSigned(const std::string& name) {
  Certificate made{directory_.File(name + ".key"), directory_.File(name + ".pem")};
  std::vector<std::string> arguments = {
      "req",   "-x509",   "-subj",   "/CN=" + name,
      "-days", "2",       "-addext", "subjectAltName=IP:127.0.0.1",
      "-out",  made.chain};
  for (auto& argument : NewKey(made.key)) arguments.push_back(std::move(argument));
  OpenSsl(arguments);
  return made;
}

Certificate Certificates::Issued(const std::string& name, const std::string& alternative_name,
                                 int days) {
  Certificate made{directory_.File(name + ".key"), directory_.File(name + ".pem")};
  const std::string request = directory_.File(name + ".csr");
  const std::string extension = directory_.File(name + ".ext");
  std::vector<std::string> arguments = {"req", "-new", "-subj", "/CN=" + name, "-out", request};
  for (auto& argument : NewKey(made.key)) arguments.push_back(std::move(argument));
  OpenSsl(arguments);
  std::ofstream(extension) << "subjectAltName=" << alternative_name << "\n";
  OpenSsl({"x509", "-req", "-in", request, "-CA", authority_.chain, "-CAkey", authority_.key,
           "-CAcreateserial", "-extfile", extension, "-days", std::to_string(days), "-out",
           made.chain});
  return made;
}

}  // namespace assent::bench
