# SPDX-License-Identifier: Apache-2.0
# Defines what `cmake --install` installs: the programs, and for applications and partners in C++
# the libraries of assent::client and assent::client_partner with their drivers.
#
# Headers include each other by paths from the project's root ("client/client.h"). Installed, that
# root is include/assent/, which the exported targets add to the include path.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(include_root ${CMAKE_INSTALL_INCLUDEDIR}/assent)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/assent)

install(TARGETS assentd assent COMPONENT runtime)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

set(libraries api base net signing barrier client client_partner_rules client_partner
  client_partner_mysql client_partner_odbc)
set(targets ${libraries})
list(TRANSFORM targets PREPEND assent_)
foreach(library IN LISTS libraries)
  set_target_properties(assent_${library} PROPERTIES EXPORT_NAME ${library})
  target_compile_features(assent_${library} PUBLIC cxx_std_20)
endforeach()
install(TARGETS ${targets} EXPORT assent COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${include_root})
install(EXPORT assent NAMESPACE assent:: FILE assent-targets.cmake DESTINATION ${package_dir}
  COMPONENT development)

# The headers of client/ and all headers of the project that they include; tests/package detects a
# missing one.
set(headers
  barrier/barrier.h barrier/sql_text.h
  base/check.h base/result.h base/time.h base/signing/signer.h
  client/client.h client/connection.h)
foreach(name call http_connection message mysql_session odbc_session router serve server session
    sessions signature)
  list(APPEND headers client/partner/${name}.h)
endforeach()
foreach(header IN LISTS headers)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header} DESTINATION ${include_root}/${folder} COMPONENT development)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/generated/assent/v1/transactions.pb.h
  DESTINATION ${include_root}/assent/v1 COMPONENT development)

configure_package_config_file(cmake/assent-config.cmake.in ${CMAKE_BINARY_DIR}/assent-config.cmake
  INSTALL_DESTINATION ${package_dir})
# Until 1.0 a minor version may change the installed interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/assent-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/assent-config.cmake
  ${CMAKE_BINARY_DIR}/assent-config-version.cmake cmake/FindMySQLCppConn.cmake
  DESTINATION ${package_dir} COMPONENT development)
