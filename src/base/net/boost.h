// The one way to Boost.Asio and Beast: only .cc files that own a socket or speak HTTP include it.
//
// Asio 1.74 needs <utility> before its own headers under C++20. Both libraries are compiled once,
// in boost.cc: link assent_net. Includes only what every user needs; take the rest from Boost
// itself, after this header.
#pragma once

#include <utility>  // NOLINT: before Asio
//
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
