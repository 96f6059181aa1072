// SPDX-License-Identifier: Apache-2.0
// Asio's TLS implementation, compiled once.
#include <utility>
//
#include <boost/asio/ssl/impl/src.hpp>
