// SPDX-License-Identifier: Apache-2.0
// Asio and Beast, compiled once for every library that links assent_net.
//
// Asio 1.74 needs <utility> before its own headers under C++20, here and wherever they are
// included.
#include <utility>
//
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
