// SPDX-License-Identifier: Apache-2.0
// Certificates for partners on 127.0.0.1, good and bad ones, made with openssl(1).
//
// Errors: any ends the process. Threads: one at a time to make them; the rest any.
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
  const std::string& authority() const { return authority_.chain; }  // a file, to be trusted

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
