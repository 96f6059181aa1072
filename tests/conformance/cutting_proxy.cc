// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cutting_proxy.h"

#include <memory>
#include <string>

namespace assent::conformance {

class CuttingProxy::Filter : public test::TcpProxy::Filter {
 public:
  explicit Filter(CuttingProxy& proxy) : proxy_(proxy) {}

  bool ToServer(std::string& bytes) override {
    if (bytes.find("COMMIT") == std::string::npos) return true;
    const At at = proxy_.at_.exchange(At::kNowhere);
    cuts_answer_ = at == At::kAnswer;
    if (at != At::kStatement) return true;
    bytes.clear();
    proxy_.has_cut_ = true;
    return false;
  }
  bool ToClient(std::string& bytes) override {
    if (!cuts_answer_) return true;
    bytes.clear();
    proxy_.has_cut_ = true;
    return false;
  }

 private:
  CuttingProxy& proxy_;
  bool cuts_answer_ = false;
};

CuttingProxy::CuttingProxy(int server_port)
    : proxy_(server_port, [this] { return std::make_unique<Filter>(*this); }) {}

}  // namespace assent::conformance
