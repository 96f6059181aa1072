# SPDX-License-Identifier: Apache-2.0
# Finds MySQL Connector/C++ (the JDBC interface), which has no CMake package file.
#
#   MySQLCppConn::MySQLCppConn     the library and its headers
find_library(MYSQLCPPCONN_LIBRARY mysqlcppconn)
find_path(MYSQLCPPCONN_INCLUDE_DIR mysql_driver.h PATH_SUFFIXES mysql-cppconn cppconn)
mark_as_advanced(MYSQLCPPCONN_LIBRARY MYSQLCPPCONN_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MySQLCppConn
  REQUIRED_VARS MYSQLCPPCONN_LIBRARY MYSQLCPPCONN_INCLUDE_DIR)
if(MySQLCppConn_FOUND AND NOT TARGET MySQLCppConn::MySQLCppConn)
  add_library(MySQLCppConn::MySQLCppConn UNKNOWN IMPORTED)
  set_target_properties(MySQLCppConn::MySQLCppConn PROPERTIES
    IMPORTED_LOCATION ${MYSQLCPPCONN_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${MYSQLCPPCONN_INCLUDE_DIR})
endif()
