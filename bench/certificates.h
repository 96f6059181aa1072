// SPDX-License-Identifier: Apache-2.0
// Valid and invalid certificates for partners on 127.0.0.1, created with openssl(1).
//
// Errors: any error ends the process.
// Threads: any, after construction.
#pragma once

#include <string>

#include "tests/support/temp.h"

namespace assent::bench {

struct Certificate {
  std::string key, chain;  // files
};

class Certificates {
 public:
  Certificates();
  const std::string& authority() const { return authority_.chain; }  // the file of the trusted CA

  const Certificate& good() const { return good_; }
  const Certificate& expired() const { return expired_; }
  const Certificate& of_another_host() const { return other_; }
  const Certificate& self_signed() const { return self_signed_; }

 private:
  Certificate SelfSigned(const std::string& name);
  Certificate Issued(const std::string& name, const std::string& alternative_name, int days);

  test::TempDirectory directory_;
  Certificate authority_, good_, expired_, other_, self_signed_;
};

}  // namespace assent::bench
