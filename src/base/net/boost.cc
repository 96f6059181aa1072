// Asio and Beast, compiled once for every room that uses them.
#include <utility>  // NOLINT: before Asio
//
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
