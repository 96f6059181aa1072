// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/password.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp.h"

namespace assent::sql {
namespace {

TEST(Password, ComesFromTheOptionsWhereThereIsNoFile) {
  ResourceOptions options;
  options.password = "s3cret\n";
  EXPECT_EQ(*ReadPassword(options), "s3cret\n");
}

TEST(Password, IsReadFromTheFileAnewEachTime) {
  const test::TempDirectory directory;
  ResourceOptions options;
  options.password = "not this one";
  options.password_file = directory.File("password");
  std::ofstream(options.password_file) << "first\r\n";
  EXPECT_EQ(*ReadPassword(options), "first");
  std::ofstream(options.password_file) << " second \n\n";
  EXPECT_EQ(*ReadPassword(options), " second ");
}

TEST(Password, CannotBeReadFromNoFileOrAnEmptyOne) {
  const test::TempDirectory directory;
  ResourceOptions options;
  options.password_file = directory.File("password");
  for (int i = 0; i < 2; ++i) {
    const Result<std::string> password = ReadPassword(options);
    ASSERT_FALSE(password);
    EXPECT_EQ(password.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(password.error().field, "password_file");
    std::ofstream file(options.password_file);  // now there is one
  }
}

}  // namespace
}  // namespace assent::sql
