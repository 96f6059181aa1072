-- SPDX-License-Identifier: Apache-2.0
-- The mobile game: its wallets, and one entry for each change of a wallet. MariaDB and MySQL.
CREATE DATABASE mobile;
USE mobile;

CREATE TABLE wallet (
  user_id BIGINT PRIMARY KEY,
  gold    BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE wallet_entry (
  id      BIGINT AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  coupon  VARCHAR(32) NOT NULL,
  gold    BIGINT NOT NULL
) ENGINE = InnoDB;

INSERT INTO wallet (user_id, gold) VALUES (7, 0), (8, 0);

-- The account that the coordinator logs in with. TRIGGER and EXECUTE let it see whether there is
-- stored code that could leave something behind in a session; without them it works, but slower.
-- MySQL (not MariaDB) needs one more:  GRANT XA_RECOVER_ADMIN ON *.* TO 'coordinator'@'%';
CREATE USER 'coordinator'@'%' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, TRIGGER, EXECUTE ON mobile.* TO 'coordinator'@'%';
