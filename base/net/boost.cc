// SPDX-License-Identifier: Apache-2.0
// Compiles Asio and Beast once for every library that links assent_net.
//
// Under C++20 Asio 1.74 needs <utility> before its own headers, wherever they are included.
#include <utility>
//
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
